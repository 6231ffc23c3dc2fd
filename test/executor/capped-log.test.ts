/** A log of any length is kept within bounds, and its end costs no more to read than it is long. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CappedLog, Tail } from '../../container/capped-log.ts'

const MEGABYTE = 1024 ** 2

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'renderio-log-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function logOf(...chunks: string[]): Promise<CappedLog> {
  const log = new CappedLog(join(folder, crypto.randomUUID()))
  for (const chunk of chunks) log.write(Buffer.from(chunk))
  return log
}

test('nothing was said, nothing is read', async () => {
  expect(await (await logOf()).read()).toBe('')
})

test('a short log is read as a whole, or from its end', async () => {
  const log = await logOf('first\n', 'second\n')
  expect(await log.read()).toBe('first\nsecond\n')
  expect(await log.read(7)).toBe('second\n')
  expect(await log.read(9)).toBe('t\nsecond\n')
  expect(await log.read(1000)).toBe('first\nsecond\n')
  expect(log.bytes).toBe(13)
})

test('of a long log the end comes from memory, and what is before it from the file', async () => {
  const line = `${'x'.repeat(1023)}\n`
  const log = await logOf('begin\n', ...Array.from({ length: 20 * 1024 }, () => line), 'end\n')
  expect(await log.read(4)).toBe('end\n')
  expect((await log.read(MEGABYTE)).length).toBe(MEGABYTE)
  const whole = await log.read()
  expect(whole.startsWith('begin\n')).toBe(true)
  expect(whole).toMatch(/\[… \d+ bytes left out …\]/)
  expect(whole.endsWith('end\n')).toBe(true)
  expect(whole.length).toBeLessThan(11 * MEGABYTE)
})

test('a tail keeps its last bytes, however small the pieces are', () => {
  const tail = new Tail(1000)
  for (let n = 0; n < 5000; n++) tail.push(Buffer.from(String(n % 10)))
  expect(tail.toString()).toBe('0123456789'.repeat(100))
  expect([tail.bytes, tail.dropped]).toEqual([1000, 4000])
  expect(tail.end(3).toString()).toBe('789')
})
