/** `npm run keys`: makes, lists and revokes API keys, here or (`--remote`) on Cloudflare. */
import { parseArgs } from 'node:util'
import { ACCOUNT_PATTERN, API_KEY_PATTERN, fingerprintOf, hashApiKey, newApiKey } from '../api/api-key.ts'
import { KeyStore } from './key-store.ts'
import { OperatorError, runProgram } from './operator-error.ts'
import { readSettings } from './settings.ts'

const USAGE = `Usage: npm run keys -- <command> [--remote]
  create [--account NAME] [--label TEXT]   makes a key and prints it, this once (account: default)
  list                                     shows every key's account, label, date and fingerprint
  revoke KEY|FINGERPRINT                   takes a key back; it stops working within a minute
  --remote                                 works on Cloudflare's store instead of the local one (STATE_DIR)`

const FINGERPRINT_PATTERN = /^[0-9a-f]{12,64}$/

await runProgram(async () => {
  const { command, operands, options } = readArguments(process.argv.slice(2))
  if (options.help) return console.log(USAGE)
  const store = new KeyStore({ stateDir: readSettings(process.env).stateDir, remote: options.remote })
  const expected = command === 'revoke' ? 1 : 0
  if (operands.length !== expected) throw new OperatorError(USAGE)
  switch (command) {
    case 'create':
      return create(store, options.account, options.label)
    case 'list':
      return list(store)
    case 'revoke':
      return revoke(store, String(operands[0]))
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
  const key = newApiKey()
  await store.put(await hashApiKey(key), { account, label, created_at: new Date().toISOString() })
  console.log(key)
}

async function list(store: KeyStore): Promise<void> {
  const keys = await store.list()
  if (keys.size === 0) return console.log('There are no keys yet: npm run keys -- create')
  const rows = [...keys].map(([hash, record]) => [fingerprintOf(hash), record.account, record.created_at, record.label])
  console.log(formatTable([['FINGERPRINT', 'ACCOUNT', 'CREATED', 'LABEL'], ...rows]))
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
