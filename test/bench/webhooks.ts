/** How soon a webhook is at its receiver, and how many a second can be. */
import type { Stack } from '../../src/cli/stack.ts'
import { waitUntil } from '../support/wait-until.ts'
import { WebhookReceiver } from '../support/webhook-receiver.ts'
import type { CommandLog } from './command-log.ts'
import { figure, medianOf, type Row } from './rows.ts'
import { spreadOf } from './statistics.ts'

const COMMANDS = 50
const DELIVERIES = 500
const PARALLEL = 32

/** One command after the other to one receiver, then each of their events again and again, many at a time. */
export async function measureWebhooks(stack: Stack, commandLog: CommandLog): Promise<Row[]> {
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
      delays.push((event?.at ?? Number.NaN) - (await commandLog.lifeOf(id)).endedAt)
      ids.push(id)
    }
    const rate = await deliveriesASecond(stack, ids)
    const missing = COMMANDS + DELIVERIES - receiver.all.length
    if (missing !== 0) throw new Error(`${missing} of the webhooks did not arrive`)
    return [
      medianOf('webhooks', 'command’s end to first byte', 'ms', delays, { op: '<', bound: 150 }),
      figure('webhooks', 'the same, 95th percentile', 'ms', spreadOf(delays).p95, { op: '<', bound: 150 }),
      figure('webhooks', `deliveries, ${DELIVERIES} to one receiver`, '/s', rate),
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
