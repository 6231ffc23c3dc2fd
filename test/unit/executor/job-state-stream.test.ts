import { expect, test } from 'vitest'
import { JobStateStream } from '../../../src/executor/job-state-stream.ts'
import type { JobState } from '../../../src/executor/protocol.ts'

const JOB = `${'0'.repeat(8)}-0000-4000-8000-${'0'.repeat(12)}.1`
const running = (revision: number): JobState => ({ job: JOB, revision, ffmpeg_seconds: 1, state: 'RUNNING', progress: null })

function streamOf(text: string, stays = false): JobStateStream {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text))
      if (!stays) controller.close()
    },
  })
  return new JobStateStream(body, 1)
}

test('states are read one after the other, and signs of life between them are no states', async () => {
  const stream = streamOf(`\n${JSON.stringify(running(1))}\n\n\n${JSON.stringify(running(2))}\n\n`)
  expect([await stream.next(), await stream.next(), await stream.next()]).toEqual([running(1), running(2), null])
})

test('the one document of an executor that knows of no streams is a state like any other', async () => {
  const stream = streamOf(JSON.stringify(running(1)))
  expect([await stream.next(), await stream.next()]).toEqual([running(1), null])
})

test('a line that was cut is an executor that went away, and one that makes no sense a fault', async () => {
  await expect(streamOf(JSON.stringify(running(1)).slice(0, -2)).next()).rejects.toMatchObject({ fault: 'unreachable' })
  for (const nonsense of ['{}\n', 'null\n', '<html>\n', '{"state":"RUNNING"}']) {
    await expect(streamOf(nonsense).next(), nonsense).rejects.toMatchObject({ fault: 'refused' })
  }
})

test('an executor of which nothing comes has gone silent', async () => {
  const stream = streamOf('\n', true)
  expect(stream.hasSpoken).toBe(false)
  await expect(stream.next()).rejects.toMatchObject({ fault: 'unreachable', message: 'the executor has gone silent' })
  expect(stream.hasSpoken).toBe(true)
})
