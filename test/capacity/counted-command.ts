/** The command that is counted: 20 MB in by URL, 20 seconds of FFmpeg, 10 MB out, five polls, one webhook, one download; or a shorter one of the same kind. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { waitUntil } from '../support/wait-until.ts'
import type { Reading } from './figures.ts'
import { type MeteredStack, startMeteredStack } from './metered-stack.ts'

const POLLS = 5
/** After so long its files expire: longer than what is done between the end of a command and the reading of the meter, unless the machine is busy. */
const KEPT_SECONDS = 10

export interface Counted {
  /** From the submit to the webhook and the download. */
  command: Reading
  /** When its files expire. */
  expiry: Reading
  /** When the command itself is deleted. */
  deletion: Reading
}

const submittedSchema = z.object({ command_id: z.string() })
const polledSchema = z.object({
  status: z.string(),
  error_message: z.string().nullish(),
  output_files: z.record(z.string(), z.object({ storage_url: z.string() })).optional(),
})

/** Runs such a command of `seconds`, after one that has made the account's tables and has its container started. */
export async function countCommand(seconds: number): Promise<Counted> {
  for (let keptSeconds = KEPT_SECONDS; ; keptSeconds *= 2) {
    const counted = await countKept(seconds, keptSeconds)
    if (counted !== null) return counted
  }
}

/** Null where the files have expired before everything else was over. */
async function countKept(seconds: number, keptSeconds: number): Promise<Counted | null> {
  const stack = await startMeteredStack({ seconds, keptSeconds: { files: keptSeconds, command: 2 * keptSeconds } })
  try {
    const warmUp = await runCommand(stack, { seconds: 1, target: '/200/warm-up' })
    await call(stack, `/api/v1/commands/${warmUp}`, { method: 'DELETE' })
    await untilQuiet(stack)
    await stack.reset()
    await runCommand(stack, { seconds, target: '/200/counted' })
    await untilQuiet(stack)
    const command = await stack.read()
    await stack.reset()
    if (asksFor(command, 'R2.delete')) return null
    await waitUntil('the files have expired', async () => asksFor(await stack.read(), 'R2.delete'))
    await untilQuiet(stack)
    const expiry = await stack.read()
    await stack.reset()
    if (asksFor(expiry, 'Account.removeCommand')) return null
    await waitUntil('the command is deleted', async () => asksFor(await stack.read(), 'Account.removeCommand'))
    await untilQuiet(stack)
    return { command, expiry, deletion: withoutYouth(await stack.read()) }
  } finally {
    await stack.stop()
  }
}

/** Submits it, polls it while it goes on and once after its webhook has come, and downloads what it has made. Answers its id. */
async function runCommand(stack: MeteredStack, { seconds, target }: { seconds: number; target: string }): Promise<string> {
  const submit = {
    // At the pace of its pictures.
    ffmpeg_command: `-re -i {{in_file}} -t ${seconds} -c copy {{out_file}}`,
    input_files: { in_file: stack.inputUrl },
    output_files: { out_file: 'out.mov' },
    webhook_url: `${stack.receiver.url}${target}`,
  }
  const { command_id } = submittedSchema.parse(
    await (await call(stack, '/api/v1/run-ffmpeg-command', { method: 'POST', body: JSON.stringify(submit) })).json(),
  )
  for (let poll = 1; poll < POLLS; poll++) {
    await sleep((seconds * 1000) / (POLLS + 1))
    await (await call(stack, `/api/v1/commands/${command_id}`)).text()
  }
  await waitUntil('the webhook is there', () => stack.receiver.received(target).length > 0, 60_000)
  const ended = polledSchema.parse(await (await call(stack, `/api/v1/commands/${command_id}`)).json())
  const output = Object.values(ended.output_files ?? {})[0]
  if (!output) throw new Error(`the command has ended as ${ended.status}: ${ended.error_message}`)
  await (await fetch(output.storage_url)).arrayBuffer()
  return command_id
}

/** Resolves once no invocation runs, and none is about to, apart from the alarm in which a container's object waits for as long as it idles. */
async function untilQuiet(stack: MeteredStack): Promise<void> {
  let before = -1
  await waitUntil('nothing runs any more', async () => {
    const { invocations } = await stack.read()
    const running = invocations.filter(({ of, trigger, endedAt }) => endedAt === null && !(of === 'Executor' && trigger === 'alarm'))
    const all = invocations.length
    if (all === before && running.length === 0) return true
    before = all
    await sleep(500)
    return false
  })
}

/** Without what an account writes only where the command is not a day old, in case its submit comes again. */
function withoutYouth(deletion: Reading): Reading {
  return { ...deletion, writes: deletion.writes.filter(({ what }) => !what.includes('deleted_commands')) }
}

function asksFor({ invocations }: Reading, what: string): boolean {
  return invocations.some(({ subrequests }) => subrequests.includes(what))
}

async function call({ url, apiKey }: MeteredStack, path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(url + path, { ...init, headers: { 'x-api-key': apiKey, 'content-type': 'application/json' } })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return response
}
