/** What an account with very many commands waits for its lists and submits, beside one that has hardly any. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { hashApiKey, newApiKey } from '../../src/api/api-key.ts'
import { KeyStore } from '../../src/cli/key-store.ts'
import { readSettings } from '../../src/cli/settings.ts'
import { type Stack, startStack } from '../../src/cli/stack.ts'
import { ApiClient } from '../support/api-client.ts'
import { figure, type Goal, medianOf, type Row } from './rows.ts'
import { spreadOf } from './statistics.ts'

const MANY = 100_000
const ROUNDS = 200
const GOAL: Goal = { op: '≤', bound: 1.5 }

/** Fails at once, without an executor. */
const failing = ({ url }: Stack) => ({
  input_files: { in_file: `${url}/nothing` },
  output_files: { out_file: 'copy.wav' },
  ffmpeg_command: '-i {{in_file}} {{out_file}}',
})

/** Runs a stack of its own, since the rows are put into the account's storage while nothing runs. */
export async function measurePaging(): Promise<Row[]> {
  const stateDir = await mkdtemp(path.join(tmpdir(), 'renderio-bench-paging-'))
  const settings = { ...readSettings(process.env), port: 0, stateDir }
  const start = () => startStack({ settings, log: () => {} })
  const apiKey = newApiKey()
  try {
    let stack = await start()
    const keys = new KeyStore({ stateDir, remote: false })
    await keys.put(await hashApiKey(apiKey), { account: 'full', label: '', created_at: new Date().toISOString() })
    const clientsOf = (of: Stack) => ({ empty: new ApiClient(of), full: new ApiClient({ url: of.url, apiKey }) })
    const first = clientsOf(stack)
    await first.empty.ended(await first.empty.submit(failing(stack)))
    const sample = await first.full.submit(failing(stack))
    await first.full.ended(sample)
    await stack.stop()
    await fill(stateDir, sample)
    stack = await start()
    try {
      return await measure(clientsOf(stack), stack)
    } finally {
      await stack.stop()
    }
  } finally {
    await rm(stateDir, { recursive: true, force: true })
  }
}

/** Puts copies of the sample before it in its account's list. */
async function fill(stateDir: string, sample: string): Promise<void> {
  const folder = path.join(stateDir, 'v3/do/renderio-Account')
  for (const name of (await readdir(folder)).filter((file) => /^[0-9a-f]+\.sqlite$/.test(file))) {
    const database = new DatabaseSync(path.join(folder, name))
    try {
      const row = database.prepare('SELECT listing FROM commands WHERE id = ?').get(sample)
      if (row === undefined) continue
      database.exec('BEGIN')
      database.exec('DELETE FROM commands')
      const values = `SELECT 'many-' || i, iif(i % 10, 'SUCCESS', 'FAILED'), iif(i % 7, 'FFMPEG_COMMAND', 'CHAINED_COMMAND'), i, ? FROM n`
      const numbers = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)'
      database.prepare(`INSERT INTO commands (id, status, type, created_at, listing) ${numbers} ${values}`).run(MANY, String(row.listing))
      database.exec('DELETE FROM command_counts')
      database.exec('INSERT INTO command_counts SELECT status, type, COUNT(*) FROM commands GROUP BY status, type')
      database.exec('COMMIT')
      return
    } finally {
      database.close()
    }
  }
  throw new Error('no account has the sample')
}

async function measure(clients: { empty: ApiClient; full: ApiClient }, stack: Stack): Promise<Row[]> {
  // A page of one entry, since an account without commands has no more to send.
  const list = (query: string) => async (client: ApiClient) => void (await (await client.fetch(`/api/v1/commands?limit=1${query}`)).json())
  const calls: [what: string, call: (client: ApiClient) => Promise<unknown>][] = [
    ['list', list('')],
    ['list by status and type', list('&status=FAILED&command_type=FFMPEG_COMMAND')],
    ['submit', (client) => client.submit(failing(stack))],
  ]
  const rows: Row[] = []
  for (const [what, call] of calls) {
    const times = { empty: [] as number[], full: [] as number[] }
    for (let round = 0; round <= ROUNDS; round++) {
      for (const which of ['empty', 'full'] as const) {
        const started = performance.now()
        await call(clients[which])
        // One round that does not count warms caches and connections.
        if (round > 0) times[which].push(performance.now() - started)
      }
    }
    rows.push(
      medianOf('paging', `${what}, hardly any commands`, 'ms', times.empty),
      medianOf('paging', `${what}, ${MANY} commands`, 'ms', times.full),
      figure('paging', `${what}, ratio of p95`, '×', spreadOf(times.full).p95 / spreadOf(times.empty).p95, GOAL),
    )
  }
  return rows
}
