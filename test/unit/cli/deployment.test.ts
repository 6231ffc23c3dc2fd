import { describe, expect, test } from 'vitest'
import { type Inventory, missingFrom, type Needs } from '../../../src/cli/deployment.ts'
import { readWranglerConfig } from '../../../src/cli/wrangler-config.ts'
import { settingsOf } from '../../../src/settings.ts'

const ID = '0123456789abcdef0123456789abcdef'
const NEEDS: Needs = {
  buckets: ['renderio-files'],
  queues: ['renderio-webhooks', 'renderio-webhooks-dead'],
  kvNamespace: { title: 'renderio-keys', id: ID },
  secrets: ['URL_SIGNING_SECRET'],
}
/** As wrangler prints them. */
const COMPLETE: Inventory = {
  buckets:
    'Listing buckets...\nname:           renderio-files\ncreation_date:  2026-11-01T10:00:00.000Z\n\nname:           other\ncreation_date:  2026-11-02T10:00:00.000Z\n',
  queues:
    '┌─────┬────────────────────────┬───────┐\n│ id  │ name                   │ jobs  │\n├─────┼────────────────────────┼───────┤\n│ aa1 │ renderio-webhooks      │ 1     │\n│ aa2 │ renderio-webhooks-dead │ 0     │\n└─────┴────────────────────────┴───────┘\n',
  kvNamespaces: [{ id: ID, title: 'renderio-keys' }],
  secrets: [{ name: 'URL_SIGNING_SECRET' }],
}

const remedies = (needs: Needs, inventory: Inventory) => missingFrom(needs, inventory, 'production').map(({ remedy }) => remedy)

describe('what a deployment lacks', () => {
  test('is nothing when all is there', () => {
    expect(missingFrom(NEEDS, COMPLETE, 'production')).toEqual([])
  })

  test('is told with the command that makes it', () => {
    expect(remedies(NEEDS, { buckets: '', queues: '', kvNamespaces: [], secrets: [] })).toEqual([
      'npx wrangler r2 bucket create renderio-files',
      'npx wrangler queues create renderio-webhooks',
      'npx wrangler queues create renderio-webhooks-dead',
      expect.stringMatching(/^npx wrangler kv namespace create renderio-keys, and write the id/),
      'openssl rand -hex 32 | npx wrangler secret put URL_SIGNING_SECRET --env production',
    ])
  })

  test('a longer name is not the one that is needed', () => {
    const inventory = { ...COMPLETE, queues: '│ aa2 │ renderio-webhooks-dead │', buckets: 'name: renderio-files-old' }
    expect(remedies(NEEDS, inventory)).toEqual([
      'npx wrangler r2 bucket create renderio-files',
      'npx wrangler queues create renderio-webhooks',
    ])
  })

  test('a namespace that exists and is not named in wrangler.toml only has to be written there', () => {
    expect(remedies({ ...NEEDS, kvNamespace: { title: 'renderio-keys', id: 'renderio-keys' } }, COMPLETE)).toEqual([
      `write ${ID} as id at [[env.production.kv_namespaces]] in wrangler.toml`,
    ])
  })

  test('a namespace of another account is missing', () => {
    const [missing] = missingFrom(
      { ...NEEDS, kvNamespace: { title: 'renderio-keys', id: 'f'.repeat(32) } },
      { ...COMPLETE, kvNamespaces: [] },
      'production',
    )
    expect(missing?.what).toBe(`KV namespace ${'f'.repeat(32)}`)
  })
})

describe('wrangler.toml', () => {
  const [local, production] = [readWranglerConfig(), readWranglerConfig('production')]

  test.each([
    'durable_objects',
    'migrations',
    'assets',
    'kv_namespaces',
    'r2_buckets',
    'queues',
    'ratelimits',
    'compatibility_date',
    'compatibility_flags',
  ] as const)('production has the same %s as this machine', (section) => {
    expect(production[section]).toEqual(local[section])
  })

  test('production has every variable, and each can be changed there', () => {
    expect(Object.keys(production.vars).sort()).toEqual(Object.keys(local.vars).sort())
  })

  test('who asks is what Cloudflare says of it, and on this machine nobody is believed', () => {
    expect(settingsOf(production.vars).clientAddressHeader).toBe('CF-Connecting-IP')
    expect(settingsOf(local.vars).clientAddressHeader).toBeNull()
  })

  test('a container at work is left alone for as long as the longest command', () => {
    const [container] = production.containers
    expect(container?.rollout_active_grace_period).toBe(Number(production.vars.MAX_COMMAND_RUN_SECONDS))
  })

  test('every Durable Object keeps its state in SQLite', () => {
    const stored = production.migrations.flatMap((migration) => migration.new_sqlite_classes)
    expect(production.durable_objects.bindings.map((binding) => binding.class_name).sort()).toEqual(stored.sort())
  })
})
