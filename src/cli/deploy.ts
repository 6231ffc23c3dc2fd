/** `npm run deploy`: puts the service on Cloudflare, once everything that it needs there exists. `-- --dry-run` only builds it. */
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { publiclyKnown } from '../development.ts'
import { type Inventory, type Missing, missingFrom, type Needs } from './deployment.ts'
import { assertDockerRuns } from './docker.ts'
import { OperatorError, runProgram } from './operator-error.ts'
import { readSettings } from './settings.ts'
import { passToWrangler, runWrangler } from './wrangler.ts'
import { readWranglerConfig } from './wrangler-config.ts'

const ENVIRONMENT = 'production'
const SECRETS = ['URL_SIGNING_SECRET']
/** Wrangler's words for a Worker that has not been deployed yet, which has no secrets either. */
const NO_WORKER = /does not exist|not found|10007/

const namespacesSchema = z.array(z.object({ id: z.string(), title: z.string() }))
const secretsSchema = z.array(z.object({ name: z.string() }))

await runProgram(async () => {
  const { values, positionals } = parseArgs({ options: { 'dry-run': { type: 'boolean', default: false } }, allowPositionals: true })
  if (positionals.length > 0) throw new OperatorError('Usage: npm run deploy [-- --dry-run]')
  assertNothingForDevelopment()
  if (values['dry-run']) return passToWrangler(['deploy', `--env=${ENVIRONMENT}`, '--dry-run', '--containers-rollout=none'])
  await assertLoggedIn()
  const missing = missingFrom(readNeeds(), await takeInventory(), ENVIRONMENT)
  if (missing.length > 0) throw new OperatorError(describe(missing))
  // The image is built and pushed from here.
  await assertDockerRuns()
  await passToWrangler(['deploy', `--env=${ENVIRONMENT}`])
})

/** What stands in `wrangler.toml`: of a secret on Cloudflare nobody can tell its value, but the Worker itself refuses it. */
function assertNothingForDevelopment(): void {
  const [name] = publiclyKnown(readWranglerConfig(ENVIRONMENT).vars)
  if (name === undefined) return
  const remedy = name === 'DEVELOPMENT_DEFAULTS' ? 'set it to off' : 'make a secret of your own of it'
  throw new OperatorError(`${name} in [env.${ENVIRONMENT}.vars] has a value for development, which everyone knows: ${remedy}`)
}

async function assertLoggedIn(): Promise<void> {
  try {
    await wrangler('whoami', '--json')
  } catch {
    throw new OperatorError('Not logged in to Cloudflare: npx wrangler login, or set CLOUDFLARE_API_TOKEN')
  }
}

function readNeeds(): Needs {
  const config = readWranglerConfig(ENVIRONMENT)
  const [namespace] = config.kv_namespaces
  return {
    buckets: config.r2_buckets.map((bucket) => bucket.bucket_name),
    queues: config.queues.producers.map((producer) => producer.queue),
    kvNamespace: { title: 'renderio-keys', id: namespace?.id ?? '' },
    secrets: SECRETS,
  }
}

async function takeInventory(): Promise<Inventory> {
  const [buckets, queues, kvNamespaces, secrets] = await Promise.all([
    wrangler('r2', 'bucket', 'list'),
    wrangler('queues', 'list'),
    wrangler('kv', 'namespace', 'list'),
    wrangler('secret', 'list', '--format=json', `--env=${ENVIRONMENT}`).catch((error: unknown) => {
      if (error instanceof OperatorError && NO_WORKER.test(error.message)) return '[]'
      throw error
    }),
  ])
  return {
    buckets,
    queues,
    kvNamespaces: namespacesSchema.parse(JSON.parse(kvNamespaces)),
    secrets: secretsSchema.parse(JSON.parse(secrets)),
  }
}

function describe(missing: readonly Missing[]): string {
  return ['Not there yet:', ...missing.map(({ what, remedy }) => `  ${what}: ${remedy}`), 'Then run npm run deploy again.'].join('\n')
}

function wrangler(...args: string[]): Promise<string> {
  return runWrangler(args, readSettings(process.env).stateDir)
}
