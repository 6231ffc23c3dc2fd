import { describe, expect, test } from 'vitest'
import { type Line, LineReader } from '../../../src/outbound/lines.ts'

const FOR_EVER = 3_600_000

function streamOf(chunks: Iterable<Uint8Array>, end: 'closes' | 'breaks' | 'stays' = 'closes') {
  let isCancelled = false
  const all = [...chunks]
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = all.shift()
      if (chunk) return controller.enqueue(chunk)
      if (end === 'closes') return controller.close()
      if (end === 'breaks') return controller.error(new Error('cut'))
      return new Promise(() => undefined)
    },
    cancel() {
      isCancelled = true
    },
  })
  return { stream, isCancelled: () => isCancelled }
}

async function linesOf(chunks: Iterable<Uint8Array>, maxCharacters = 1000): Promise<Line[]> {
  const reader = new LineReader(streamOf(chunks).stream, maxCharacters)
  const lines: Line[] = []
  for (let line = await reader.next(FOR_EVER); line; line = await reader.next(FOR_EVER)) lines.push(line)
  expect(await reader.next(FOR_EVER), 'and it stays over').toBeNull()
  return lines
}

const bytes = (text: string) => new TextEncoder().encode(text)
const whole = (...texts: string[]) => texts.map((text) => ({ text, isWhole: true }))

describe('lines', () => {
  test('are the same wherever the chunks end, in the middle of a character too', async () => {
    const all = bytes('aé\n\n𝄞 and …\n\n')
    for (let size = 1; size <= all.length; size++) {
      const chunks = Array.from({ length: Math.ceil(all.length / size) }, (_, n) => all.slice(n * size, (n + 1) * size))
      expect(await linesOf(chunks), `chunks of ${size}`).toEqual(whole('aé', '', '𝄞 and …', ''))
    }
  })

  test('tell the last from one that was cut', async () => {
    expect(await linesOf([bytes('a\nb')])).toEqual([...whole('a'), { text: 'b', isWhole: false }])
    expect(await linesOf([bytes('a\nb'), bytes('é').slice(0, 1)])).toEqual([...whole('a'), { text: 'b', isWhole: false }])
    expect(await linesOf([])).toEqual([])
  })

  test('are bounded, whether they come at once or in bits', async () => {
    expect(await linesOf([bytes(`${'a'.repeat(10)}\n`)], 10)).toEqual(whole('a'.repeat(10)))
    for (const chunks of [[bytes(`${'a'.repeat(11)}\n`)], Array.from({ length: 20 }, () => bytes('a'))]) {
      const { stream, isCancelled } = streamOf(chunks, 'stays')
      await expect(new LineReader(stream, 10).next(FOR_EVER)).rejects.toMatchObject({ kind: 'unreadable' })
      expect(isCancelled()).toBe(true)
    }
  })

  test('are UTF-8', async () => {
    const { stream } = streamOf([new Uint8Array([0x61, 0xff, 0x0a])], 'stays')
    await expect(new LineReader(stream, 10).next(FOR_EVER)).rejects.toMatchObject({ kind: 'unreadable' })
  })

  test('that do not come end the wait, and the stream', async () => {
    const { stream, isCancelled } = streamOf([bytes('a\n')], 'stays')
    const reader = new LineReader(stream, 10)
    expect(await reader.next(1)).toEqual({ text: 'a', isWhole: true })
    await expect(reader.next(1)).rejects.toMatchObject({ kind: 'silent' })
    expect(isCancelled()).toBe(true)
  })

  test('of a stream that breaks are told up to there', async () => {
    const reader = new LineReader(streamOf([bytes('a\nb')], 'breaks').stream, 10)
    expect(await reader.next(FOR_EVER)).toEqual({ text: 'a', isWhole: true })
    await expect(reader.next(FOR_EVER)).rejects.toMatchObject({ kind: 'broken' })
  })

  test('are no more once the reader is closed, also for one who waits', async () => {
    const { stream, isCancelled } = streamOf([], 'stays')
    const reader = new LineReader(stream, 10)
    const next = reader.next(FOR_EVER)
    reader.close()
    expect([await next, isCancelled()]).toEqual([null, true])
  })
})
