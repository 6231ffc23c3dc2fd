import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probedFilesSchema } from '../../src/executor/protocol.ts'
import { type ExecutorProcess, startExecutor } from '../support/executor-process.ts'
import { JobClient, refusal, testSource } from './job-client.ts'

let executor: ExecutorProcess
beforeAll(async () => {
  executor = await startExecutor()
})
afterAll(() => executor.stop())

/** A second of video, made by a job of its own. */
async function sampleVideo(): Promise<Uint8Array<ArrayBuffer>> {
  const job = new JobClient(executor)
  await job.ended({ commands: [[...testSource(1), 'a.mp4']], outputs: { out_a: 'a.mp4' } })
  const bytes = new Uint8Array(await (await job.output('out_a')).arrayBuffer())
  await job.remove()
  return bytes
}

function probe(job: JobClient, files: unknown): Promise<Response> {
  return fetch(`${job.url}/probe`, { method: 'POST', body: JSON.stringify({ files }) })
}

describe('a probe of inputs', () => {
  it('tells what is in each, and the job may run afterwards', async () => {
    const job = new JobClient(executor)
    await job.put('a.mp4', await sampleVideo())
    await job.put('b.txt', 'no media')
    const response = await probe(job, ['a.mp4', 'b.txt'])
    expect(response.status).toBe(200)
    const { files } = probedFilesSchema.parse(await response.json())
    expect(files['a.mp4']).toMatchObject({ file_type: 'video', width: 160, height: 120, duration: 1, mime_type: 'video/mp4' })
    expect(files['b.txt']).toMatchObject({ file_type: 'other', duration: null, codec: null, mime_type: 'text/plain' })
    const ended = await job.ended({
      commands: [['-i', 'a.mp4', '-c', 'copy', 'c.mp4']],
      inputs: { in_a: 'a.mp4' },
      outputs: { out_c: 'c.mp4' },
    })
    expect(ended.state).toBe('SUCCEEDED')
    await job.remove()
  })

  it('opens nothing that a file names', async () => {
    const job = new JobClient(executor)
    await job.put('secret.txt', 'x')
    await job.put('list.mp4', "ffconcat version 1.0\nfile 'secret.txt'\n")
    const { files } = probedFilesSchema.parse(await (await probe(job, ['list.mp4'])).json())
    expect(files['list.mp4']).toMatchObject({ file_type: 'other', file_format: null })
    await job.remove()
  })

  it('is refused for a job or a file that is not there, and for a name that is no plain one', async () => {
    const job = new JobClient(executor)
    expect(await refusal(probe(job, ['a.mp4']))).toEqual([404, 'JOB_NOT_FOUND'])
    await job.put('b.txt', 'x')
    expect(await refusal(probe(job, ['a.mp4']))).toEqual([404, 'FILE_NOT_FOUND'])
    for (const files of [['../b.txt'], ['-i'], [], 'b.txt', undefined])
      expect(await refusal(probe(job, files))).toEqual([400, 'BAD_REQUEST'])
    await job.remove()
  })
})
