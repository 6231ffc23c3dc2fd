/** Objects that are evicted at random, between and inside their steps, while commands and files of every kind go through them. */
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { afterEach, describe, expect, test } from 'vitest'
import { seededRandom } from '../support/seeded-random.ts'
import { SUBMIT_CHAIN, until } from '../worker/client.ts'
import { lastingSeconds, mediaFile, mediaUrl, SHORT_TONE } from '../worker/media.ts'
import { Hook } from '../worker/webhooks.ts'
import { evictions } from './evictions.ts'
import { ledger } from './ledger.ts'
import { PatientAccount } from './patient-account.ts'

const ACCOUNTS = 3
/** Of every kind. */
const ROUNDS = 3
const EVICTED_WITHIN_MS = 1_500

interface Kind {
  name: string
  expected: readonly string[]
  run: (account: PatientAccount, random: () => number) => Promise<string>
}

/** A kind of command, which is waited for. */
function command(name: string, body: () => unknown, { expected = 'SUCCESS', path }: { expected?: string; path?: string } = {}): Kind {
  return { name, expected: [expected], run: async (account) => account.ended(await account.submit(body(), path)) }
}

const tiny = () => mediaUrl('/tiny.mp4')
const tone = () => mediaUrl('/tone.wav')

const KINDS: Kind[] = [
  command('three inputs and three outputs', () => ({
    input_files: { in_a: tiny(), in_b: tone(), in_c: tone() },
    output_files: { out_picture: 'a.png', out_sound: 'b.wav', out_other: 'c.wav' },
    ffmpeg_command:
      '-i {{in_a}} -i {{in_b}} -i {{in_c}} -map 0:v -frames:v 1 {{out_picture}} -map 1:a {{out_sound}} -map 2:a -t 0.5 {{out_other}}',
  })),
  command(
    'chain',
    () => ({
      input_files: { in_file: tone() },
      output_files: { out_file: 'out.wav' },
      ffmpeg_commands: ['-i {{in_file}} -t 0.5 half.wav', '-i half.wav -c copy {{out_file}}'],
    }),
    { path: SUBMIT_CHAIN },
  ),
  command('output of three parts', () => ({
    output_files: { out_tone: 'tone.wav' },
    ffmpeg_command: '-f lavfi -i sine=d=140 -c:a pcm_s16le {{out_tone}}',
  })),
  command('playlist of twenty segments', () => ({
    output_files: { out_playlist: 'index.m3u8' },
    ffmpeg_command: '-f lavfi -i sine=d=20 -c:a aac -hls_time 1 -hls_list_size 0 {{out_playlist}}',
  })),
  command('zip', () => ({ output_files: 'OUTPUT_FOLDER', ffmpeg_command: '-f lavfi -i sine=d=0.5 a.wav -t 0.2 b.wav' })),
  command(
    'failing command',
    () => ({
      input_files: { in_file: tone() },
      output_files: { out_file: 'a.mp4' },
      ffmpeg_command: '-i {{in_file}} -map 0:v {{out_file}}',
    }),
    { expected: 'FFMPEG_ERROR' },
  ),
  {
    name: 'cancelled at a random moment',
    expected: ['CANCELLED'],
    async run(account, random) {
      const id = await account.submit(lastingSeconds(30))
      for (let looks = Math.floor(random() * 20); looks > 0; looks--) await account.poll(id)
      await account.cancel(id)
      return account.ended(id)
    },
  },
  {
    name: 'webhook whose receiver fails at first',
    expected: ['SUCCESS'],
    async run(account) {
      const hook = new Hook('500,200')
      const id = await account.submit({ ...SHORT_TONE, webhook_url: hook.url })
      const ended = await account.ended(id)
      await hook.arrived(2)
      return ended
    },
  },
  { name: 'file stored by its URL', expected: ['STORED'], run: (account) => account.storeFile(tiny()) },
  {
    name: 'file uploaded in parts',
    expected: ['STORED'],
    run: async (account) => account.uploadInParts(await mediaFile('tiny.mp4'), 'film.mp4'),
  },
]

afterEach(() => {
  evictions.end()
})

/** Whether the account has given back every slot, and nobody waits for one. */
async function isIdle(account: PatientAccount): Promise<boolean> {
  return runInDurableObject(account.stub, (_, { storage }) => storage.sql.exec('SELECT 1 FROM slot_queue').toArray().length === 0)
}

/** Keys in the bucket of what the account does not list. */
async function orphans(account: PatientAccount): Promise<string[]> {
  const listed = await account.fileIds()
  const { objects } = await env.FILES.list({ prefix: `${account.name}/` })
  return objects.map(({ key }) => key).filter((key) => !listed.has(key.split('/')[1] ?? ''))
}

describe('while objects are evicted at random', () => {
  test('everything ends as it should, and nothing is left behind', async () => {
    console.log(`SEED=${env.SEED}`)
    const random = seededRandom(`${env.SEED}/clients`)
    const accounts = await Promise.all(Array.from({ length: ACCOUNTS }, () => PatientAccount.create()))
    evictions.begin(`${env.SEED}/evictions`, EVICTED_WITHIN_MS)
    const ends = await Promise.all(
      Array.from({ length: ROUNDS }, () => KINDS).flatMap((kinds, round) =>
        kinds.map(async ({ name, expected, run }, index) => {
          const account = accounts[(round + index) % ACCOUNTS]
          if (!account) throw new Error('there is no such account')
          const ended = await run(account, random).catch((error: unknown) => String(error))
          return { name, ended, isExpected: expected.includes(ended) }
        }),
      ),
    )
    evictions.end()
    expect(ends.filter(({ isExpected }) => !isExpected)).toEqual([])
    expect(ledger.evictions).toBeGreaterThan(ROUNDS)
    await until('no job is left at the executor', async () => ledger.jobs.size === 0)
    await until('no slot is taken', async () => (await Promise.all(accounts.map(isIdle))).every(Boolean))
    expect([...ledger.openUploads.values()], 'multipart uploads neither completed nor aborted').toEqual([])
    for (const account of accounts)
      await until('nothing of a lost attempt is in the bucket', async () => (await orphans(account)).length === 0)
  })
})
