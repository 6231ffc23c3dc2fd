/** Wherever an object is cut off, and however often: what it does ends once, as it would have ended, and leaves nothing behind. */
import { env } from 'cloudflare:workers'
import { beforeAll, describe, expect, test } from 'vitest'
import { type CommandView, submittedSchema } from '../../src/api/schemas.ts'
import { SUBMIT, SUBMIT_CHAIN, TestAccount, until } from '../worker/client.ts'
import { FilesClient } from '../worker/files-client.ts'
import { copyOf, lastingSeconds, mediaFile, mediaUrl, SHORT_TONE } from '../worker/media.ts'
import { Hook } from '../worker/webhooks.ts'
import { type Cut, cutOff, lifeOf } from './cuts.ts'
import { ledger } from './ledger.ts'

const SLOTS = Number(env.MAX_CONCURRENT_COMMANDS)
const CUTS = ['every record', 'every slice', 'inside slices'] as const satisfies Cut[]

const KINDS: Record<string, { path?: string; body: () => Record<string, unknown> }> = {
  'without inputs': { body: () => SHORT_TONE },
  'with an input': { body: () => copyOf(mediaUrl('/tone.wav')) },
  'with an input that comes slowly': { body: () => copyOf(mediaUrl('/cut/1/tone.wav')) },
  'with several inputs and outputs': {
    body: () => ({
      input_files: { in_a: mediaUrl('/tone.wav'), in_b: mediaUrl('/tiny.mp4') },
      output_files: { out_a: 'a.m4a', out_b: 'b.mp4', out_c: 'c.wav' },
      ffmpeg_command: '-i {{in_a}} -i {{in_b}} -map 0:a -c alac {{out_a}} -map 1:v -c copy {{out_b}} -map 1:a -c pcm_s16le {{out_c}}',
    }),
  },
  'that makes a playlist': {
    body: () => ({
      output_files: { out_playlist: 'index.m3u8' },
      ffmpeg_command: '-f lavfi -i testsrc2=s=160x90:r=5:d=12 -c:v mpeg2video -g 5 -hls_time 1 -hls_list_size 0 {{out_playlist}}',
    }),
  },
  'that runs for two seconds': { body: () => lastingSeconds(2) },
  'of a chain': {
    path: SUBMIT_CHAIN,
    body: () => ({
      output_files: { out_tone: 'tone.m4a' },
      ffmpeg_commands: ['-f lavfi -i sine=d=0.1 a.wav', '-i a.wav -c alac {{out_tone}}'],
    }),
  },
  'whose input is missing': { body: () => copyOf(mediaUrl('/status/404')) },
  'that fails': { body: () => ({ ...SHORT_TONE, ffmpeg_command: '-f lavfi -i sine=d=0.1 -map 0:v {{out_tone}}' }) },
}

/** How each kind ends where nobody cuts anything off. */
const undisturbed = new Map<string, unknown>()

/** A client that gets no answer asks again under the same key. */
async function submit(account: TestAccount, body: Record<string, unknown>, path = SUBMIT): Promise<string> {
  const headers = { 'idempotency-key': crypto.randomUUID() }
  return until('the submit is answered', async () => {
    const response = await account.send(path, body, headers).catch(() => null)
    return response !== null && submittedSchema.parse(await response.json()).command_id
  })
}

function ended(account: TestAccount, id: string): Promise<CommandView> {
  return until(`command ${id} has ended`, async () => {
    const command = await account.poll(id).catch(() => null)
    return command !== null && (command.status === 'SUCCESS' || command.status === 'FAILED') && command
  })
}

/** What is the same of two commands of a kind. */
function resultOf({ status, error_status, error_message, output_files }: CommandView): unknown {
  const outputs = Object.entries(output_files).map(([alias, { size_mbytes, duration, file_format, file_count }]) => {
    return [alias, { size_mbytes, duration, file_format, file_count }]
  })
  return { status, error_status, error_message: error_message?.replaceAll(/\?[0-9a-f-]{36}/g, ''), outputs }
}

/** Bytes in the bucket of each file that the command shows, and of none besides. */
async function expectItsFilesOnly(account: TestAccount, command: CommandView): Promise<void> {
  const shown = Object.values(command.output_files).map(({ file_id }) => file_id)
  await until('the bucket holds what the command shows, and nothing else', async () => {
    const { objects } = await env.FILES.list({ prefix: `${account.name}/` })
    const stored = new Set(objects.map(({ key }) => key.split('/')[1]))
    return stored.size === shown.length && shown.every((id) => stored.has(id))
  })
}

/** No executor has anything of it, and the bucket no part. */
async function expectNothingOpen(account: TestAccount, id: string): Promise<void> {
  await until('its executors were told to wipe its jobs', async () => {
    return ![...ledger.jobs].some((job) => job.startsWith(`${id}.`))
  })
  expect([...ledger.openUploads.values()].filter((key) => key.startsWith(`${account.name}/`))).toEqual([])
}

/** Every slot is free: as many commands are at work at once. */
async function expectFreeSlots(account: TestAccount): Promise<void> {
  const held = await Promise.all(Array.from({ length: SLOTS }, () => account.submit(lastingSeconds(50))))
  await until('all are at work', async () => (await account.list('?status=PROCESSING')).total === SLOTS)
  for (const id of held) await account.cancel(id)
}

beforeAll(async () => {
  await Promise.all(
    Object.entries(KINDS).map(async ([kind, { body, path }]) => {
      const account = await TestAccount.create()
      cutOff(account.name, null)
      undisturbed.set(kind, resultOf(await ended(account, await submit(account, body(), path))))
    }),
  )
})

describe.concurrent.each(CUTS)('cut off at %s', (cut) => {
  test.each(Object.entries(KINDS))('a command %s ends once, as it would have, and leaves nothing', async (kind, { body, path }) => {
    const account = await TestAccount.create()
    cutOff(account.name, cut)
    const hook = new Hook('200')
    const id = await submit(account, { ...body(), webhook_url: hook.url }, path)
    const command = await ended(account, id)
    expect(resultOf(command)).toEqual(undisturbed.get(kind))
    await until('it was cut off', async () => (lifeOf(env.COMMAND.idFromName(id))?.cuts ?? 0) > 0)
    await expectItsFilesOnly(account, command)
    await expectNothingOpen(account, id)
    expect(new Set((await hook.arrived()).map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect((await account.list()).total).toBe(1)
    cutOff(account.name, null)
    await expectFreeSlots(account)
  })

  test('a file by its URL is stored once, with every byte and its facts, and can be deleted', async () => {
    const account = await TestAccount.create()
    cutOff(account.name, cut)
    const files = new FilesClient(account)
    const { file_id } = await until('the file is begun', () => files.storeFile(mediaUrl('/tone.wav')).catch(() => null))
    const file = await until('the file is stored', async () => {
      const current = await files.read(file_id).catch(() => null)
      return current !== null && current.status !== 'PROCESSING' && current
    })
    const bytes = await mediaFile('tone.wav')
    expect(file).toMatchObject({ status: 'STORED', size_mbytes: bytes.length / 1e6, file_type: 'audio', duration: 1 })
    expect(await files.stored()).toHaveLength(1)
    await until('it is deleted', async () => [200, 404].includes((await files.remove(file_id).catch(() => null))?.status ?? 500))
    await until('nothing of it is left', async () => (await files.stored()).length === 0 && (await files.list()).total === 0)
    await expectNothingOpen(account, file_id)
    cutOff(account.name, null)
    await expectFreeSlots(account)
  })
})
