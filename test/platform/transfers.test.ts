/** Inputs and outputs that take many slices and many pieces, in alarms of a second. */
import { afterEach, expect, test } from 'vitest'
import { type Invocation, meter } from '../metered/meter.ts'
import { onlyOutput, TestAccount } from '../worker/client.ts'
import { FilesClient } from '../worker/files-client.ts'
import { lastingSeconds, mediaFile, mediaUrl, requestsFor } from '../worker/media.ts'
import { ledger } from './ledger.ts'
import { engine, PLATFORM, SCALED } from './limits.ts'

/** So that it takes several slices, and seven pieces. */
const BYTES_PER_SECOND = 1_000_000

afterEach(() => {
  engine.limits = SCALED
})

/** The alarms of all commands since the meter was set back. */
function alarms(): Invocation[] {
  return meter.read().invocations.filter(({ of, trigger }) => of === 'Command' && trigger === 'alarm')
}

test('forty inputs of a server that is slow to answer come side by side, and none waits for a connection while its own time runs', async () => {
  const account = await TestAccount.create()
  const aliases = Array.from({ length: 40 }, (_, n) => `in_${n}`)
  ledger.mostWaiting = 0
  await account.succeed({
    input_files: Object.fromEntries(aliases.map((alias) => [alias, mediaUrl('/slow/200/tone.wav')])),
    output_files: { out_file: 'out.wav' },
    ffmpeg_command: `${aliases.map((alias) => `-i {{${alias}}}`).join(' ')} -map 39:a -c copy {{out_file}}`,
  })
  expect(ledger.mostWaiting, 'requests that waited for a seventh connection').toBe(0)
})

test('an input that takes many slices comes in pieces, each once, and goes on where it was', async () => {
  const account = await TestAccount.create()
  const url = mediaUrl(`/paced/${BYTES_PER_SECOND}/long.wav`)
  ledger.largestBody = 0
  const command = await account.succeed({
    input_files: { in_file: url },
    output_files: { out_file: 'out.wav' },
    ffmpeg_command: '-i {{in_file}} -c copy {{out_file}}',
  })
  expect(onlyOutput(command).size_mbytes * 1e6).toBe((await mediaFile('long.wav')).length)
  expect(ledger.largestBody).toBe(PLATFORM.bodyBytes)
  const starts = (await requestsFor(url)).map(({ range }) => Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0))
  expect(starts.length, 'slices that were cut').toBeGreaterThan(1)
  expect(starts, 'none began anew').toEqual(starts.toSorted((a, b) => a - b))
})

test('a file that is stored by its URL goes on where it was, by the parts that are in the bucket', async () => {
  const files = new FilesClient(await TestAccount.create())
  const bytes = 24_000_000
  const { file_id } = await files.storeFile(mediaUrl(`/paced/12000000/${bytes}`), 'film.bin')
  expect(await files.settled(file_id)).toMatchObject({ status: 'STORED', size_mbytes: bytes / 1e6 })
})

test('FFmpeg that lasts for many slices is followed from one alarm to the next', async () => {
  const account = await TestAccount.create()
  meter.reset()
  await account.succeed(lastingSeconds(3))
  expect(alarms().length).toBeGreaterThan(3)
})

test('a command whose alarms have ten requests each does everything in as many alarms as it takes', async () => {
  engine.limits = { ...SCALED, requests: 10 }
  const account = await TestAccount.create()
  const aliases = Array.from({ length: 12 }, (_, n) => `in_${n}`)
  meter.reset()
  await account.succeed({
    input_files: Object.fromEntries(aliases.map((alias) => [alias, mediaUrl('/tone.wav')])),
    output_files: { out_playlist: 'index.m3u8' },
    ffmpeg_command: `${aliases.map((alias) => `-i {{${alias}}}`).join(' ')} -map 11:a -af apad=whole_len=960000 -c:a aac -hls_time 1 -hls_list_size 0 {{out_playlist}}`,
  })
  const requests = alarms().map(({ subrequests }) => subrequests.length)
  expect(requests.length).toBeGreaterThan(5)
  // Telling the account and the executor of the end is no part of the budget.
  expect(Math.max(...requests)).toBeLessThanOrEqual(16)
})
