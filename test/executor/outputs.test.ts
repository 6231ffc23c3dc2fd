import { rm, symlink } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readRange } from '../../container/send-file.ts'
import { type ExecutorProcess, startExecutor } from '../support/executor-process.ts'
import { endless, JobClient, refusal } from './job-client.ts'

const CONTENT = 'ten bytes.'
let executor: ExecutorProcess
let job: JobClient

beforeAll(async () => {
  executor = await startExecutor()
  job = await endedJob()
})
afterAll(() => executor.stop())

/** A job that has ended, with the output `out` of ten bytes. */
async function endedJob(): Promise<JobClient> {
  const ended = new JobClient(executor)
  await ended.put('in.bin', CONTENT)
  const copy = ['-f', 'data', '-i', 'in.bin', '-map', '0', '-c', 'copy', '-f', 'data', 'out.bin']
  await ended.ended({ commands: [copy], inputs: { in: 'in.bin' }, outputs: { out: 'out.bin' } })
  return ended
}

const ranged = (range: string) => job.output('out', { headers: { range } })

describe('GET outputs', () => {
  test('sends the whole file with its length', async () => {
    const response = await job.output('out')
    expect([response.status, response.headers.get('content-length'), response.headers.get('accept-ranges')]).toEqual([200, '10', 'bytes'])
    expect(await response.text()).toBe(CONTENT)
  })

  test('HEAD gives the length alone', async () => {
    const response = await job.output('out', { method: 'HEAD' })
    expect([response.status, response.headers.get('content-length'), await response.text()]).toEqual([200, '10', ''])
  })

  test.each([
    ['bytes=0-3', 'ten ', 'bytes 0-3/10'],
    ['bytes=4-', 'bytes.', 'bytes 4-9/10'],
    ['bytes=-2', 's.', 'bytes 8-9/10'],
    ['bytes=8-99', 's.', 'bytes 8-9/10'],
  ])('%s is a part', async (range, text, contentRange) => {
    const response = await ranged(range)
    expect([response.status, response.headers.get('content-range')]).toEqual([206, contentRange])
    expect(await response.text()).toBe(text)
  })

  test('a range beyond the end is refused with the size', async () => {
    const response = await ranged('bytes=10-')
    expect(response.headers.get('content-range')).toBe('bytes */10')
    expect(await refusal(response)).toEqual([416, 'RANGE_NOT_SATISFIABLE'])
  })

  test('an alias that is no output is FILE_NOT_FOUND, prototype names included', async () => {
    for (const alias of ['in', 'other', 'constructor', '__proto__'])
      expect(await refusal(job.output(alias))).toEqual([404, 'FILE_NOT_FOUND'])
  })

  test('nothing is sent before the commands have ended', async () => {
    const running = new JobClient(executor)
    await running.run({ commands: [endless()], outputs: { out: 'out.bin' } })
    expect(await refusal(running.output('out'))).toEqual([404, 'FILE_NOT_FOUND'])
    await running.remove()
  })

  test('a link is never followed', async () => {
    const attacked = await endedJob()
    const path = join((await attacked.folder()) ?? '', 'out.bin')
    await rm(path)
    await symlink('/etc/passwd', path)
    expect(await refusal(attacked.output('out'))).toEqual([404, 'FILE_NOT_FOUND'])
  })

  test('a client that goes away in the middle does no harm', async () => {
    const big = new JobClient(executor)
    const raw = ['-f', 'lavfi', '-i', 'testsrc=duration=2:size=1280x720', '-c:v', 'rawvideo', 'out.avi']
    await big.ended({ commands: [raw], outputs: { out: 'out.avi' } })
    await new Promise<void>((resolve) => {
      request(`${big.url}/outputs/out`, (response) => response.once('data', () => response.destroy()).once('close', resolve)).end()
    })
    expect((await big.state()).state).toBe('SUCCEEDED')
    await big.remove()
  })
})

test.each([
  [undefined, 10, 'whole'],
  ['bytes=-', 10, 'whole'],
  ['bytes=5-4', 10, 'whole'],
  ['bytes=0-1,3-4', 10, 'whole'],
  ['items=0-1', 10, 'whole'],
  ['bytes=0-', 0, 'unsatisfiable'],
  ['bytes=-0', 10, 'unsatisfiable'],
  ['bytes=-99', 10, { start: 0, end: 9 }],
] as const)('readRange(%s, %i)', (header, size, expected) => {
  expect(readRange(header, size)).toEqual(expected)
})
