/** `npm run keys`: makes, lists and revokes API keys, and has whole accounts deleted, here or (`--remote`) on Cloudflare. */
import { parseArgs } from 'node:util'
import { type DeletionRecord, isNameFree } from '../account/deletion-record.ts'
import { ACCOUNT_PATTERN, API_KEY_PATTERN, fingerprintOf, hashApiKey, newApiKey } from '../api/api-key.ts'
import { DEVELOPMENT_ACCOUNT } from '../development.ts'
import { KeyStore } from './key-store.ts'
import { OperatorError, runProgram } from './operator-error.ts'
import { readSettings } from './settings.ts'

const USAGE = `Usage: npm run keys -- <command> [--remote]
  create [--account NAME] [--label TEXT]   makes a key and prints it, this once (account: default)
  list                                     shows every key's account, label, date and fingerprint
  revoke KEY|FINGERPRINT                   takes a key back; it stops working within a minute
  delete-account NAME --yes                revokes the account's keys and deletes everything that it owns, for good
  --remote                                 works on Cloudflare's store instead of the local one (STATE_DIR)`

const FINGERPRINT_PATTERN = /^[0-9a-f]{12,64}$/

await runProgram(async () => {
  const { command, operands, options } = readArguments(process.argv.slice(2))
  if (options.help) return console.log(USAGE)
  const store = new KeyStore({ stateDir: readSettings(process.env).stateDir, remote: options.remote })
  const expected = command === 'revoke' || command === 'delete-account' ? 1 : 0
  if (operands.length !== expected) throw new OperatorError(USAGE)
  switch (command) {
    case 'create':
      return create(store, options.account, options.label)
    case 'list':
      return list(store)
    case 'revoke':
      return revoke(store, String(operands[0]))
    case 'delete-account':
      return deleteAccount(store, String(operands[0]), options)
    default:
      throw new OperatorError(USAGE)
  }
})

function readArguments(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        account: { type: 'string', default: 'default' },
        label: { type: 'string', default: '' },
        remote: { type: 'boolean', default: false },
        yes: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    const [command, ...operands] = positionals
    return { command, operands, options: values }
  } catch (error) {
    throw new OperatorError(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
  }
}

async function create(store: KeyStore, account: string, label: string): Promise<void> {
  if (!ACCOUNT_PATTERN.test(account)) {
    throw new OperatorError(
      `--account ${account} is not usable: lower-case letters, digits and dashes, at most 40, not starting with a dash`,
    )
  }
  await assertNotDeleted(store, account)
  const key = newApiKey()
  await store.put(await hashApiKey(key), { account, label, created_at: new Date().toISOString() })
  console.log(key)
}

async function list(store: KeyStore): Promise<void> {
  const { keys, deletions } = await store.list()
  if (keys.size === 0) console.log('There are no keys yet: npm run keys -- create')
  const rows = [...keys].map(([hash, record]) => [fingerprintOf(hash), record.account, record.created_at, record.label])
  if (rows.length > 0) console.log(formatTable([['FINGERPRINT', 'ACCOUNT', 'CREATED', 'LABEL'], ...rows]))
  if (deletions.size === 0) return
  const now = Date.now()
  const stages = [...deletions].map(([account, record]) => [account, record.requested_at, stageOf(record, now)])
  console.log(`\n${formatTable([['DELETED ACCOUNT', 'SINCE', 'STATE'], ...stages])}`)
}

/** How far a deletion has come. */
function stageOf(record: DeletionRecord, now: number): string {
  if (isNameFree(record, now)) return 'done'
  if (record.finished_at !== null) return 'done; the name is free in some minutes'
  if (record.erased_at !== null) return 'nothing of it is left; the name is free a day later'
  return 'going on'
}

async function revoke(store: KeyStore, keyOrFingerprint: string): Promise<void> {
  const isKey = API_KEY_PATTERN.test(keyOrFingerprint)
  if (!isKey && !FINGERPRINT_PATTERN.test(keyOrFingerprint)) {
    throw new OperatorError('Name the key itself (ffsk_…) or its fingerprint as `npm run keys -- list` shows it')
  }
  const wanted = isKey ? await hashApiKey(keyOrFingerprint) : keyOrFingerprint
  const matches = (await store.hashes()).filter((hash) => hash.startsWith(wanted))
  const [hash] = matches
  if (hash === undefined) throw new OperatorError('There is no such key: see `npm run keys -- list`')
  if (matches.length > 1) throw new OperatorError(`${matches.length} keys begin with ${wanted}: name the key itself`)
  await store.delete(hash)
  console.log(`Revoked ${fingerprintOf(hash)}`)
}

/**
 * The record comes before anything else: the Worker acts on it, and the account's own object does the work, bit by bit and after any crash.
 * Whatever becomes of this program, it may be started again.
 */
async function deleteAccount(store: KeyStore, account: string, { yes, remote }: { yes: boolean; remote: boolean }): Promise<void> {
  if (!ACCOUNT_PATTERN.test(account)) throw new OperatorError(`${account} is not the name of an account`)
  if (account === DEVELOPMENT_ACCOUNT && !remote) {
    throw new OperatorError(
      `${account} is the account of \`npm run dev\` itself, which gives it a key at every start: stop that, and delete the folder STATE_DIR`,
    )
  }
  const { keys: all, deletions } = await store.list()
  const hashes = [...all].flatMap(([hash, record]) => (record.account === account ? [hash] : []))
  const earlier = deletions.get(account) ?? null
  if (hashes.length === 0 && earlier?.finished_at) return console.log(`${account} has been deleted`)
  const keys = `${hashes.length} API ${hashes.length === 1 ? 'key' : 'keys'}`
  if (!yes) {
    throw new OperatorError(
      `This revokes ${keys} of ${account}, cancels its commands, and deletes them, its files, its presets and its webhook, for good. Add --yes to do it.`,
    )
  }
  if (earlier === null || earlier.finished_at !== null) {
    await store.putDeletion(account, { requested_at: new Date().toISOString(), erased_at: null, finished_at: null })
  }
  for (const hash of hashes) await store.delete(hash)
  const when = remote ? 'within some minutes' : 'within half a minute where it runs, and else at its next start'
  console.log(
    `Revoked ${keys}. The service deletes what ${account} owns, beginning ${when}; \`npm run keys -- list${remote ? ' --remote' : ''}\` tells how far it has come.`,
  )
}

/** Throws where an account of this name is still being deleted. */
async function assertNotDeleted(store: KeyStore, account: string): Promise<void> {
  const deletion = await store.deletion(account)
  if (deletion === null) return
  if (!isNameFree(deletion, Date.now())) {
    throw new OperatorError(`${account} is being deleted, and its name is not free before that is done: see \`npm run keys -- list\``)
  }
  await store.forgetDeletion(account)
}

function formatTable(rows: string[][]): string {
  const widths = rows.reduce<number[]>((widest, row) => row.map((cell, column) => Math.max(widest[column] ?? 0, cell.length)), [])
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
