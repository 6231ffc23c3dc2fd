/** Requests a second, beside a route of the same server that does next to nothing. */
import { readSettings } from '../../src/cli/settings.ts'
import type { Stack } from '../../src/cli/stack.ts'
import type { BareServer } from './bare-server.ts'
import { figure, type Row } from './rows.ts'
import { PICTURE, runToSuccess, sleepFor, submit } from './submit.ts'

const SECONDS = 3
const CLIENTS = 8
/** Longer than both measurements. */
const HOLD_SECONDS = 12

/** While every slot sleeps, so that FFmpeg takes no time from what is measured. */
export async function measureSubmits(stack: Stack, bare: BareServer): Promise<Row[]> {
  const slots = Array.from({ length: readSettings(process.env).maxConcurrentCommands })
  const held = await Promise.all(slots.map(() => submit(stack, sleepFor(HOLD_SECONDS))))
  const ours = await rate(() => submit(stack, PICTURE))
  const theirs = await rate(async () => (await fetch(`${bare.url}/submit`, { method: 'POST' })).json())
  for (const id of held) await (await get(stack, `${id}?wait=30`)).text()
  return [
    figure('submits', 'submits a second', '/s', ours),
    figure('submits', 'bare route, a second', '/s', theirs),
    figure('submits', 'ratio to the bare route', '×', ours / theirs, { op: '≥', bound: 0.5 }),
  ]
}

/** Polls of a command that has ended. */
export async function measurePolls(stack: Stack, bare: BareServer): Promise<Row[]> {
  const id = await runToSuccess(stack, PICTURE)
  const ours = await rate(async () => (await get(stack, id)).json())
  const theirs = await rate(async () => (await fetch(bare.url)).text())
  return [
    figure('polls', 'polls a second', '/s', ours),
    figure('polls', 'bare route, a second', '/s', theirs),
    figure('polls', 'ratio to the bare route', '×', ours / theirs, { op: '≥', bound: 0.6 }),
  ]
}

async function get(stack: Stack, command: string): Promise<Response> {
  const response = await fetch(`${stack.url}/api/v1/commands/${command}`, { headers: { 'x-api-key': stack.apiKey } })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return response
}

/** Calls a second, from several clients at a time. */
async function rate(call: () => Promise<unknown>): Promise<number> {
  const end = performance.now() + SECONDS * 1000
  let calls = 0
  const client = async () => {
    for (; performance.now() < end; calls++) await call()
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  return calls / SECONDS
}
