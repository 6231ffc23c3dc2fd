import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

/** Each project is a layer: pure functions, the executor's program, the Worker in workerd, the whole stack. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      { test: { name: 'executor', include: ['test/executor/**/*.test.ts'], testTimeout: 60_000 } },
      {
        plugins: [
          cloudflareTest(({ inject }) => ({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              compatibilityFlags: ['nodejs_compat'],
              bindings: {
                EXECUTOR_URL: inject('executorUrl'),
                MEDIA_URL: inject('mediaUrl'),
                URL_SIGNING_SECRET: 'a secret of the tests',
                ALLOWED_PRIVATE_ORIGINS: '*',
              },
            },
          })),
        ],
        test: {
          name: 'worker',
          include: ['test/worker/**/*.test.ts'],
          globalSetup: ['test/support/worker-peers.ts'],
          testTimeout: 60_000,
        },
      },
      { test: { name: 'security', include: ['test/security/**/*.test.ts'], testTimeout: 60_000 } },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], testTimeout: 120_000, fileParallelism: false } },
    ],
  },
})
