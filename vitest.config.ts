import { availableParallelism } from 'node:os'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { COMPILE_CACHE } from './src/cli/compile-cache.ts'
import { surveyMachine } from './test/machine/survey.ts'

// The tests inherit these, and so do the stacks and executors that they start.
const machine = await surveyMachine()
process.env.FFMPEG_PATH = machine.ffmpeg
process.env.FFPROBE_PATH = machine.ffprobe
// They start programs of the project hundreds of times.
process.env.NODE_COMPILE_CACHE = COMPILE_CACHE

/** Their files leave modules as they find them, so that one worker may load each module once for all of its files. */
const SHARING_MODULES = { isolate: false }

/** Each project is a layer: pure functions, the executor's program, the Worker in workerd, the whole stack. */
export default defineConfig({
  test: {
    // A test file waits for processes more than it computes.
    maxWorkers: availableParallelism() + 1,
    // The Worker and the executors write a line for every step.
    silent: 'passed-only',
    reporters: [
      'default',
      ['junit', { outputFile: 'test-results/junit.xml' }],
      './test/reporters/skipped.ts',
      ...(process.env.CI ? ['./test/reporters/slowest.ts'] : []),
    ],
    globalSetup: ['test/support/prebuild.ts'],
    provide: { missing: machine.missing },
    projects: [
      { test: { ...SHARING_MODULES, name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 60_000 } },
      {
        test: {
          ...SHARING_MODULES,
          name: 'executor',
          include: ['test/executor/**/*.test.ts'],
          globalSetup: ['test/machine/sandboxes.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        plugins: [
          cloudflareTest(({ inject }) => ({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              compatibilityFlags: ['nodejs_compat'],
              // As many requests as the tests can make in that time on a busy machine, and no account of theirs makes otherwise.
              ratelimits: { REQUEST_LIMIT: { namespace_id: '1001', simple: { limit: 1000, period: 10 } } },
              bindings: {
                DEVELOPMENT_DEFAULTS: 'off',
                RATE_LIMITS: 'on',
                CLIENT_ADDRESS_HEADER: 'CF-Connecting-IP',
                UPLOAD_PART_MB: '32',
                EXECUTOR_URL: inject('executorUrl'),
                MEDIA_URL: inject('mediaUrl'),
                URL_SIGNING_SECRET: 'a secret of the tests',
                RECEIVER_URL: inject('receiverUrl'),
                // At the last of them nothing listens.
                ALLOWED_PRIVATE_ORIGINS: `${new URL(inject('mediaUrl')).host},${new URL(inject('receiverUrl')).host},127.0.0.1:1`,
                ALLOWED_ORIGINS: 'https://app.example.com, http://localhost:5173/',
                WEBHOOK_RETRY_SCHEDULE: '0,1,1',
                MAX_CONCURRENT_COMMANDS: '2',
                MAX_COMMAND_RUN_SECONDS: '60',
                MAX_QUEUED_COMMANDS: '20',
                MAX_INPUT_MB: '1',
                MAX_JOB_DISK_MB: '8',
              },
            },
          })),
        ],
        test: {
          name: 'worker',
          include: ['test/worker/**/*.test.ts'],
          globalSetup: ['test/support/worker-peers.ts'],
          // Every test has an account of its own.
          sequence: { concurrent: true },
          isolate: false,
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        plugins: [
          cloudflareTest(({ inject }) => ({
            main: './test/platform/worker.ts',
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              compatibilityFlags: ['nodejs_compat'],
              bindings: {
                DEVELOPMENT_DEFAULTS: 'off',
                RATE_LIMITS: 'off',
                UPLOAD_PART_MB: '5',
                PLATFORM_EXECUTOR_URL: inject('executorUrl'),
                MEDIA_URL: inject('mediaUrl'),
                URL_SIGNING_SECRET: 'a secret of the tests',
                RECEIVER_URL: inject('receiverUrl'),
                WEBHOOK_RETRY_SCHEDULE: '0,1,1',
                MAX_CONCURRENT_COMMANDS: '3',
                MAX_COMMAND_RUN_SECONDS: '60',
                // The same evictions come again with the seed that a run has printed.
                SEED: process.env.SEED ?? String(Math.floor(Math.random() * 2 ** 32)),
              },
            },
          })),
        ],
        test: {
          name: 'platform',
          include: ['test/platform/**/*.test.ts'],
          globalSetup: ['test/support/worker-peers.ts'],
          // What the platform has seen is told of one test at a time.
          fileParallelism: false,
          setupFiles: ['test/platform/hold.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...SHARING_MODULES,
          name: 'security',
          include: ['test/security/**/*.test.ts'],
          globalSetup: ['test/machine/sandboxes.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'container',
          include: ['test/container/**/*.test.ts'],
          globalSetup: ['test/container/setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...SHARING_MODULES,
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          globalSetup: ['test/browser/setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'neighbours',
          include: ['test/neighbours/**/*.test.ts'],
          // After all others: what a neighbour feels is told by comparing times.
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
      { test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], testTimeout: 180_000, hookTimeout: 120_000 } },
    ],
  },
})
