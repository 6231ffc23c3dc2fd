import { describe, expect, test } from 'vitest'
import { type Look, type NewsTimes, newsLineSchema, newsStream } from '../../../src/command/news-stream.ts'
import { Watchers } from '../../../src/command/watchers.ts'

const FOR_EVER = 3_600_000
const NO_TIMES: NewsTimes = { quiet: 0, heartbeat: FOR_EVER }
const ATTEMPTS = { attempt: 1, lostAttempts: 0, unavailableSince: null, startedAt: 0 }
const ENDED = { status: 'SUCCESS', startedAt: 0, endedAt: 1, ffmpegSeconds: 1, outputs: {} } as const

function at(frame: number): NonNullable<ReturnType<Look>> {
  const progress = { percent: null, step: 0, frame, fps: null, out_time_seconds: null, speed: null }
  return { state: { status: 'PROCESSING', stage: 'FFMPEG', slot: 0, ...ATTEMPTS }, progress }
}

/** A command that is what it is told to be, and what its follower reads. */
function followed(times: NewsTimes, seen: string | null = null) {
  const watchers = new Watchers()
  let stands: ReturnType<Look> = at(0)
  const reader = newsStream(() => stands, watchers, seen, times).getReader()
  const become = (next: ReturnType<Look>) => {
    stands = next
    watchers.changed()
  }
  const text = async () => new TextDecoder().decode((await reader.read()).value)
  return { watchers, become, reader, text, line: async () => newsLineSchema.parse(JSON.parse(await text())) }
}

describe('the news of a command', () => {
  test('are its stage, its progress and its end, after which there are none', async () => {
    const { become, line, reader, watchers } = followed(NO_TIMES)
    expect(await line()).toMatchObject({ kind: 'status', status: 'PROCESSING', stage: 'FFMPEG' })
    expect(await line()).toMatchObject({ kind: 'progress', progress: { frame: 0 } })
    const end = line()
    become({ state: ENDED, progress: null })
    expect(await end).toMatchObject({ kind: 'end', mark: 'SUCCESS', stage: null })
    expect([(await reader.read()).done, watchers.count]).toEqual([true, 0])
  })

  test('are the latest alone for a reader that is slower than the command', async () => {
    const { become, line, watchers } = followed(NO_TIMES)
    await line()
    for (let frame = 1; frame <= 10_000; frame++) become(at(frame))
    expect(watchers.count, 'nothing waits while nobody reads').toBe(0)
    expect((await line()).progress?.frame).toBe(10_000)
  })

  test('of progress keep their distance, and no other do', async () => {
    const { become, line } = followed({ ...NO_TIMES, quiet: FOR_EVER })
    await line()
    expect(await line()).toMatchObject({ kind: 'progress' })
    const next = line()
    become(at(1))
    become({ state: ENDED, progress: null })
    expect(await next).toMatchObject({ kind: 'end' })
  })

  test('are not waited for any more when their reader has gone', async () => {
    const { reader, watchers, line } = followed({ ...NO_TIMES, quiet: FOR_EVER })
    await line()
    await line()
    const read = reader.read()
    await Promise.resolve()
    expect(watchers.count).toBe(1)
    await reader.cancel()
    await read
    expect(watchers.count).toBe(0)
  })

  test('say now and then that there are none', async () => {
    const { text, reader } = followed({ ...NO_TIMES, heartbeat: 1 }, 'PROCESSING.FFMPEG.1/0.0.')
    expect([await text(), await text()]).toEqual(['\n', '\n'])
    await reader.cancel()
  })

  test('are over when the command is deleted', async () => {
    const { become, reader, line } = followed(NO_TIMES)
    await line()
    await line()
    const read = reader.read()
    become(null)
    expect((await read).done).toBe(true)
  })
})
