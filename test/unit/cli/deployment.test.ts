import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { parse as parseToml } from 'smol-toml'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Inventory, missingFrom, type Needs } from '../../../src/cli/deployment.ts'
import { PROJECT_ROOT } from '../../../src/cli/settings.ts'
import { readWranglerConfig } from '../../../src/cli/wrangler-config.ts'
import { settingsOf } from '../../../src/settings.ts'
import { DEAD_LETTER_SUFFIX } from '../../../src/webhooks/messages.ts'

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
    'migrations',
    'assets',
    'limits',
    'kv_namespaces',
    'r2_buckets',
    'queues',
    'ratelimits',
    'compatibility_date',
    'compatibility_flags',
  ] as const)('production has the same %s as this machine', (section) => {
    expect(production[section]).toEqual(local[section])
  })

  test('production has the same durable_objects as this machine', () => {
    expect(production.durable_objects.bindings).toEqual(local.durable_objects.bindings)
  })

  test('production says again only what wrangler does not inherit', async () => {
    const { env, ...top } = z
      .looseObject({ env: z.object({ production: z.record(z.string(), z.unknown()) }) })
      .parse(parseToml(await readFile(path.join(PROJECT_ROOT, 'wrangler.toml'), 'utf8')))
    const again = Object.entries(env.production).filter(([key, value]) => isDeepStrictEqual(value, top[key]))
    const inherited = await inheritedSections()
    // Without its name it would be renderio-production.
    expect(again.map(([key]) => key).filter((key) => inherited.includes(key) && key !== 'name')).toEqual([])
  })

  test('a container has room for the largest job, and as much memory for each vCPU as Cloudflare wants', () => {
    const [container] = production.containers
    const { vcpu = 0, memory_mib = 0, disk_mb = 0 } = container?.instance_type ?? {}
    expect(memory_mib).toBeGreaterThanOrEqual(3 * 1024 * vcpu)
    // Besides the job there is what the system and the image take of it.
    expect(disk_mb * 1e6).toBeGreaterThan(1.1 * settingsOf(production.vars).maxJobDiskBytes)
    expect(disk_mb).toBeLessThanOrEqual(20_000)
  })

  test('an alarm may compute for as long as the platform lets it, and an object is not reset at once when another code is deployed', () => {
    expect(production.limits.cpu_ms).toBe(300_000)
    expect(production.durable_objects.code_update_strategy).toEqual({ mode: 'deferred', max_delay: 300 })
  })

  test('what is kept of requests has no query, in which users have their secrets', () => {
    expect(production.observability).toMatchObject({ enabled: true, redact_query_string: true, traces: { enabled: true } })
  })

  test('every queue has a consumer, which can tell the dead-letter queue by its name', () => {
    const { producers, consumers } = production.queues
    expect(consumers.map(({ queue }) => queue).sort()).toEqual(producers.map(({ queue }) => queue).sort())
    const dead = consumers.flatMap(({ dead_letter_queue }) => dead_letter_queue ?? [])
    expect(consumers.map(({ queue }) => queue).filter((queue) => queue.endsWith(DEAD_LETTER_SUFFIX))).toEqual(dead)
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

/** The sections that wrangler takes from the top of the file, by its own description of them. */
async function inheritedSections(): Promise<string[]> {
  const schema = JSON.parse(await readFile(path.join(PROJECT_ROOT, 'node_modules/wrangler/config-schema.json'), 'utf8'))
  const sections: Record<string, object> = schema.definitions.RawEnvironment.properties
  return Object.entries(sections)
    .filter(([name, section]) => name !== 'durable_objects' && !JSON.stringify(section).includes('not automatically inherited'))
    .map(([name]) => name)
}
