/** How soon a webhook is at its receiver, and how many a second can be. */
import type { Stack } from '../../src/cli/stack.ts'
import { waitUntil } from '../support/wait-until.ts'
import { WebhookReceiver } from '../support/webhook-receiver.ts'
import { type Row, spreadOf } from './statistics.ts'

const COMMANDS = 50
const DELIVERIES = 500
const PARALLEL = 32

/** When commands ended, in ms since the epoch, as the Worker's own log tells it. */
export class CommandEnds {
  readonly #at = new Map<string, number>()
  /** How often FFmpeg was begun. */
  attempts = 0

  /** Takes a line of the stack's log. */
  note(line: string): void {
    const [json] = /\{.*"event":"command\.state".*\}/.exec(line) ?? []
    if (json === undefined) return
    const { status, stage, command_id, time } = JSON.parse(json)
    if (stage === 'FFMPEG') this.attempts++
    if (status === 'SUCCESS' || status === 'FAILED') this.#at.set(command_id, Date.parse(time))
  }

  of(commandId: string): Promise<number> {
    return waitUntil(`the log tells the end of ${commandId}`, () => this.#at.get(commandId))
  }
}

/** One command after the other to one receiver, then each of their events again and again, many at a time. */
export async function measureWebhooks(stack: Stack, ends: CommandEnds): Promise<Row[]> {
  const receiver = await WebhookReceiver.start()
  try {
    const ids: string[] = []
    const delays: number[] = []
    for (let n = 0; n < COMMANDS; n++) {
      const id = await run(stack, `${receiver.url}/200/${n}`)
      const [event] = await waitUntil(
        'the webhook is there',
        () => receiver.received(`/200/${n}`).length > 0 && receiver.received(`/200/${n}`),
      )
      delays.push((event?.at ?? Number.NaN) - (await ends.of(id)))
      ids.push(id)
    }
    const spread = spreadOf(delays)
    const rate = await deliveriesASecond(stack, ids)
    const missing = COMMANDS + DELIVERIES - receiver.all.length
    if (missing !== 0) throw new Error(`${missing} of the webhooks did not arrive`)
    const base = { scenario: 'webhooks', spread: null }
    return [
      { ...base, measure: 'command’s end to first byte', unit: 'ms', value: spread.median, spread, goal: '< 150' },
      { ...base, measure: 'the same, 95th percentile', unit: 'ms', value: spread.p95, goal: '< 150' },
      { ...base, measure: `deliveries, ${DELIVERIES} to one receiver`, unit: '/s', value: rate, goal: null },
    ]
  } finally {
    await receiver.stop()
  }
}

async function run(stack: Stack, webhookUrl: string): Promise<string> {
  const response = await call(stack, '/run-ffmpeg-command?wait=60', {
    output_files: { out_file: 'x.png' },
    ffmpeg_command: '-f lavfi -i color=d=1 -frames:v 1 {{out_file}}',
    webhook_url: webhookUrl,
  })
  const { status, command_id } = (await response.json()) as { status: string; command_id: string }
  if (status !== 'SUCCESS') throw new Error(`command ${command_id} is ${status}`)
  return command_id
}

async function deliveriesASecond(stack: Stack, ids: string[]): Promise<number> {
  let left = DELIVERIES
  const start = performance.now()
  const sender = async () => {
    while (left-- > 0) await (await call(stack, `/commands/${ids[left % ids.length]}/webhook-deliveries`)).body?.cancel()
  }
  await Promise.all(Array.from({ length: PARALLEL }, sender))
  return DELIVERIES / ((performance.now() - start) / 1000)
}

async function call(stack: Stack, path: string, body?: object): Promise<Response> {
  const response = await fetch(`${stack.url}/api/v1${path}`, {
    method: 'POST',
    headers: { 'x-api-key': stack.apiKey, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${path} answered ${response.status} ${await response.text()}`)
  return response
}
