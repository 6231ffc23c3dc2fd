import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FONTS } from '../machine/fonts.ts'
import { needs } from '../machine/needs.ts'
import { type ExecutorProcess, startExecutor } from '../support/executor-process.ts'
import { waitUntil } from '../support/wait-until.ts'
import { JobClient, LIMITS, refusal, testSource } from './job-client.ts'

let executor: ExecutorProcess
beforeAll(async () => {
  executor = await startExecutor()
})
afterAll(() => executor.stop())

const head = async (job: JobClient, filename: string) => {
  const response = await fetch(`${job.url}/inputs/${filename}`, { method: 'HEAD' })
  return response.ok ? Number(response.headers.get('content-length')) : null
}

/** Announces more than it sends, waits until that has arrived, and cuts the connection. */
async function sendAndCut(job: JobClient, filename: string, sent: Buffer, announced: number): Promise<void> {
  const upload = request(`${job.url}/inputs/${filename}`, { method: 'PUT', headers: { 'content-length': announced } })
  upload.on('error', () => {})
  upload.write(sent)
  await waitUntil('the piece has arrived', async () => (await head(job, filename)) === sent.length)
  upload.destroy()
}

/** A body of `size` bytes that is never in memory as a whole. */
function streamOf(size: number): ReadableStream<Uint8Array> {
  const piece = new Uint8Array(64 * 1024)
  let left = size
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(piece.subarray(0, Math.min(left, piece.length)))
      left -= piece.length
      if (left <= 0) controller.close()
    },
  })
}

/** The font's bytes under another family, of as many letters, which no system has. */
function renamed(bytes: Buffer, family: string, other: string): Buffer<ArrayBuffer> {
  const inNames = Buffer.from(family, 'utf16le').swap16()
  const replaced = Buffer.from(bytes)
  for (let at = replaced.indexOf(inNames); at !== -1; at = replaced.indexOf(inNames, at)) {
    at += Buffer.from(other, 'utf16le').swap16().copy(replaced, at)
  }
  return replaced
}

test('a font that is an input is found by libass under its family', needs('font'), async () => {
  const path = FONTS.find(existsSync) ?? ''
  const family = path.includes('DejaVu') ? 'DejaVu Sans' : 'Arial'
  const other = family === 'Arial' ? 'Zzzzz' : 'Zzzzzz Zzzz'
  const job = new JobClient(executor)
  await job.put('in_font.ttf', renamed(await readFile(path), family, other))
  await job.put('in_s.srt', '1\n00:00:00,000 --> 00:00:01,000\nHello\n')
  const filter = `subtitles=in_s.srt:fontsdir=.:force_style='FontName=${other}'`
  const state = await job.ended({ commands: [[...testSource(0.2), '-vf', filter, 'out.mp4']], outputs: { out: 'out.mp4' } })
  expect(state).toMatchObject({ state: 'SUCCEEDED' })
  // The line names the font that was chosen; without the folder it would be one of the system's.
  expect(await job.log()).toMatch(new RegExp(`fontselect: \\(${other}, .*\\) -> (?!/)`))
})

describe('PUT inputs', () => {
  test('stores the bytes, answers their count, and a repeat replaces the file', async () => {
    const job = new JobClient(executor)
    const bytes = randomBytes(300_000)
    expect(await (await job.put('a.bin', bytes)).json()).toEqual({ bytes: 300_000 })
    expect(await readFile(join((await job.folder()) ?? '', 'a.bin'))).toEqual(bytes)
    expect(await (await job.put('a.bin', 'short')).json()).toEqual({ bytes: 5 })
    expect(await head(job, 'a.bin')).toBe(5)
  })

  test('takes different files of one new job at the same time', async () => {
    const job = new JobClient(executor)
    const bodies = Array.from({ length: 8 }, (_, i) => randomBytes(100_000 + i))
    const answers = await Promise.all(bodies.map((body, i) => job.put(`${i}.bin`, body).then((response) => response.json())))
    expect(answers).toEqual(bodies.map((body) => ({ bytes: body.length })))
    for (const [i, body] of bodies.entries()) expect(await readFile(join((await job.folder()) ?? '', `${i}.bin`))).toEqual(body)
  })

  test('keeps what arrived of a cut upload, and Content-Range goes on from there', async () => {
    const job = new JobClient(executor)
    const bytes = randomBytes(500_000)
    await sendAndCut(job, 'a.bin', bytes.subarray(0, 200_000), bytes.length)
    expect(await head(job, 'a.bin')).toBe(200_000)
    const rest = await job.put('a.bin', bytes.subarray(200_000), { 'content-range': 'bytes 200000-499999/500000' })
    expect(await rest.json()).toEqual({ bytes: 500_000 })
    expect(await readFile(join((await job.folder()) ?? '', 'a.bin'))).toEqual(bytes)
  })

  test('an upload that hangs gives way to a newer one for the same file', async () => {
    const job = new JobClient(executor)
    const hanging = request(`${job.url}/inputs/a.bin`, { method: 'PUT', headers: { 'content-length': 1000 } })
    hanging.on('error', () => {})
    hanging.write('half')
    await waitUntil('the first half has arrived', async () => (await head(job, 'a.bin')) === 4)
    expect(await (await job.put('a.bin', 'whole')).json()).toEqual({ bytes: 5 })
    expect(await head(job, 'a.bin')).toBe(5)
  })

  test('a Content-Range that does not start where the file ends is a CONFLICT', async () => {
    const job = new JobClient(executor)
    await job.put('a.bin', 'four')
    expect(await refusal(job.put('a.bin', 'x', { 'content-range': 'bytes 3-3/4' }))).toEqual([409, 'CONFLICT'])
    expect(await refusal(job.put('new.bin', 'x', { 'content-range': 'bytes 3-3/4' }))).toEqual([409, 'CONFLICT'])
    expect(await refusal(job.put('a.bin', 'x', { 'content-range': 'lines 3-' }))).toEqual([400, 'BAD_REQUEST'])
  })

  test('a connection that has told of an input goes on: what is sent on it next would be lost', async () => {
    const job = new JobClient(executor)
    await job.put('a.bin', 'four')
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ask = () =>
      new Promise((resolve, reject) => {
        const question = request(`${job.url}/inputs/a.bin`, { method: 'HEAD', agent }, (answer) => {
          answer.resume().on('close', () => resolve({ bytes: answer.headers['content-length'], reused: question.reusedSocket }))
        })
        question.on('error', reject).end()
      })
    const answers = [await ask(), await ask(), await ask()]
    agent.destroy()
    expect(answers).toEqual([false, true, true].map((reused) => ({ bytes: '4', reused })))
  })

  test('HEAD of an input that never came is 404', async () => {
    const job = new JobClient(executor)
    expect(await head(job, 'a.bin')).toBeNull()
    await job.put('a.bin', 'x')
    expect(await head(job, 'b.bin')).toBeNull()
  })

  test('more than the announced maximum is refused at once, from Content-Length', async () => {
    const job = new JobClient(executor)
    expect(await refusal(job.put('a.bin', randomBytes(1001), { 'x-max-bytes': '1000' }))).toEqual([413, 'INPUT_TOO_LARGE'])
    expect(await head(job, 'a.bin')).toBeNull()
    expect((await job.put('a.bin', randomBytes(1000), { 'x-max-bytes': '1000' })).status).toBe(200)
  })

  test('more than the maximum is refused while it streams, without an end in sight', async () => {
    const job = new JobClient(executor)
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const upload = request(`${job.url}/inputs/a.bin`, { method: 'PUT', headers: { 'x-max-bytes': '100000' } })
      upload.on('response', (response) => resolve(response.statusCode)).on('error', reject)
      upload.write(randomBytes(150_000))
    })
    expect(status).toBe(413)
    await waitUntil('the file is gone', async () => (await head(job, 'a.bin')) === null)
  })

  test('a resumed upload counts as a whole against the maximum', async () => {
    const job = new JobClient(executor)
    await job.put('a.bin', randomBytes(900))
    const answer = job.put('a.bin', randomBytes(200), { 'content-range': 'bytes 900-1099/1100', 'x-max-bytes': '1000' })
    expect(await refusal(answer)).toEqual([413, 'INPUT_TOO_LARGE'])
  })

  test('an upload in pieces is refused as soon as one of them says how large it will be', async () => {
    const job = new JobClient(executor)
    await job.put('a.bin', randomBytes(900), { 'x-max-bytes': '2000' })
    const answer = job.put('a.bin', randomBytes(100), { 'content-range': 'bytes 900-999/2001', 'x-max-bytes': '2000' })
    expect(await refusal(answer)).toEqual([413, 'INPUT_TOO_LARGE'])
  })

  test('an upload in pieces need not say how large it will be', async () => {
    const job = new JobClient(executor)
    const bytes = randomBytes(3000)
    await job.put('a.bin', bytes.subarray(0, 1000))
    for (const start of [1000, 2000]) await job.put('a.bin', bytes.subarray(start, start + 1000), { 'content-range': `bytes ${start}-*/*` })
    expect(await readFile(join((await job.folder()) ?? '', 'a.bin'))).toEqual(bytes)
  })

  test.each(['..%2Fescape', '%2E%2E', '-i', 'a%20b', 'a%00b', `${'a'.repeat(256)}`])('the file name %s is refused', async (filename) => {
    const response = await new JobClient(executor).put(filename, 'x')
    expect(response.status).toBeGreaterThanOrEqual(400)
    expect(response.status).toBeLessThan(500)
  })

  test('a job name that is not <command_id>.<attempt> is refused', async () => {
    const response = fetch(`${executor.url}/v1/jobs/..%2F..%2Fetc/inputs/a.bin`, { method: 'PUT', body: 'x' })
    expect(await refusal(response)).toEqual([400, 'BAD_REQUEST'])
  })

  test('memory does not grow with the size of an input', needs('linux'), async () => {
    const peak = async () => Number(/VmHWM:\s+(\d+) kB/.exec(await readFile(`/proc/${executor.pid}/status`, 'utf8'))?.[1])
    const job = new JobClient(executor)
    // As much as it takes until memory is reused rather than asked for.
    await job.put('warm.bin', streamOf(100e6))
    const before = await peak()
    expect(await (await job.put('big.bin', streamOf(250e6))).json()).toEqual({ bytes: 250e6 })
    expect((await peak()) - before).toBeLessThan(60_000)
    await job.remove()
  })

  test('the disk of the run to come bounds all inputs together, from the first byte on', async () => {
    const job = new JobClient(executor)
    const limit = { 'x-max-job-bytes': '1000000' }
    expect((await job.put('a.bin', randomBytes(600_000), limit)).status).toBe(200)
    const announced = await job.put('b.bin', randomBytes(600_000), limit)
    expect(await announced.clone().json()).toMatchObject({ error: { limit: 'job' } })
    expect(await refusal(announced)).toEqual([413, 'INPUT_TOO_LARGE'])
    const streamed = await job.put('c.bin', streamOf(600_000), limit)
    expect(await refusal(streamed)).toEqual([413, 'INPUT_TOO_LARGE'])
    expect([await head(job, 'a.bin'), await head(job, 'b.bin'), await head(job, 'c.bin')]).toEqual([600_000, null, null])
    expect((await job.put('a.bin', randomBytes(900_000), limit)).status, 'what is replaced does not count').toBe(200)
  })

  test('inputs that arrive side by side share the disk of the run to come', async () => {
    const job = new JobClient(executor)
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) => job.put(`${n}.bin`, streamOf(300_000), { 'x-max-job-bytes': '1000000' })),
    )
    const kept = await Promise.all(answers.map((_, n) => head(job, `${n}.bin`)))
    expect(kept.reduce((sum: number, bytes) => sum + (bytes ?? 0), 0)).toBeLessThanOrEqual(1_000_000)
    expect(answers.map(({ status }) => status)).toContain(413)
  })

  test('a run that is prepared bounds the inputs that follow', async () => {
    const job = new JobClient(executor)
    await job.prepare({ commands: [['-i', 'a.bin', 'b.wav']], inputs: { a: 'a.bin' }, limits: { ...LIMITS, disk_bytes: 1000 } })
    expect(await refusal(job.put('a.bin', randomBytes(1001)))).toEqual([413, 'INPUT_TOO_LARGE'])
    await job.remove()
  })

  test('MAX_JOB_DISK_MB bounds the inputs of a job together', async () => {
    const small = await startExecutor({ env: { MAX_JOB_DISK_MB: '1' } })
    try {
      const job = new JobClient(small)
      expect((await job.put('a.bin', randomBytes(600_000))).status).toBe(200)
      expect(await refusal(job.put('b.bin', randomBytes(600_000)))).toEqual([413, 'INPUT_TOO_LARGE'])
    } finally {
      await small.stop()
    }
  })
})
