import { expect, test } from 'vitest'
import { type FileSink, readUploadForm } from '../../../src/api/upload-form.ts'

class Sink implements FileSink {
  bytes = 0
  abandoned = false

  async write(bytes: Uint8Array): Promise<void> {
    this.bytes += bytes.length
  }

  async abandon(): Promise<void> {
    this.abandoned = true
  }
}

function requestOf(body: ReadableStream<Uint8Array>): Request {
  const headers = { 'content-type': 'multipart/form-data; boundary=b' }
  return new Request('http://renderio.test/', { method: 'POST', body, headers, duplex: 'half' })
}

const HEAD = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp4"\r\n\r\n'

test('a body that breaks off half way is a 400, and its file is abandoned', async () => {
  const sink = new Sink()
  const pieces = [HEAD, 'x'.repeat(5000)]
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces.shift()
      if (piece === undefined) controller.error(new Error('gone'))
      else controller.enqueue(new TextEncoder().encode(piece))
    },
  })
  await expect(readUploadForm(requestOf(body), 1e6, async () => sink)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  expect(sink.bytes).toBeGreaterThan(0)
  expect(sink.abandoned).toBe(true)
})

test('no piece is asked for before the last one was written', async () => {
  let unwritten = 0
  const sink = new Sink()
  sink.write = async (bytes) => {
    await new Promise((resolve) => setImmediate(resolve))
    sink.bytes += bytes.length
    unwritten = 0
  }
  let most = 0
  let left = 50
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        most = Math.max(most, unwritten)
        if (left === 50) controller.enqueue(new TextEncoder().encode(HEAD))
        else if (left > 0) {
          unwritten += 1
          controller.enqueue(new Uint8Array(1000))
        } else {
          controller.enqueue(new TextEncoder().encode('\r\n--b--'))
          controller.close()
        }
        left -= 1
      },
    },
    { highWaterMark: 0 },
  )
  expect(await readUploadForm(requestOf(body), 1e6, async () => sink)).toBe(sink)
  expect([sink.bytes, sink.abandoned]).toEqual([49_000, false])
  expect(most).toBeLessThanOrEqual(1)
})
