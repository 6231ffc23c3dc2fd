import { randomUUID } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { harmlessDemuxers } from '../../container/probe.ts'
import { launcherComplaint, sandboxedArgv } from '../../container/sandbox.ts'
import { noSocketsFilter } from '../../container/seccomp.ts'
import type { JobState } from '../../src/executor/protocol.ts'
import { needs, needsSandbox } from '../machine/needs.ts'
import { type ExecutorProcess, startExecutor } from '../support/executor-process.ts'
import { endless, JobClient, processesWith, testSource } from './job-client.ts'

/** Copies any file byte by byte: the most direct way for FFmpeg to read what it should not. */
const copy = (source: string, target: string): string[] => ['-f', 'data', '-i', source, '-map', '0', '-c', 'copy', '-f', 'data', target]

/** All that a client can get to see of a job. */
async function everythingShown(job: JobClient, state: JobState): Promise<string> {
  const output = state.state === 'SUCCEEDED' ? await (await job.output('out')).text() : ''
  return [JSON.stringify(state), output, await job.log()].join('\n')
}

for (const kind of ['landlock', 'bwrap', 'none'] as const) {
  // `none` is the control: where it lets an attack through, the attack is real and the others stop it.
  const walled = kind !== 'none'

  describe(`in the sandbox ${kind}`, needsSandbox(kind), () => {
    const secret = randomUUID()
    let executor: ExecutorProcess
    let outside: string

    beforeAll(async () => {
      executor = await startExecutor({ env: { SANDBOX: kind, CANARY: secret } })
      outside = await mkdtemp(join(tmpdir(), 'renderio-test-'))
      await chmod(outside, 0o777)
      await writeFile(join(outside, 'canary.txt'), secret)
      await writeFile(join(outside, 'canary.srt'), `1\n00:00:00,000 --> 00:00:01,000\n${secret}\n`)
    })
    afterAll(async () => {
      await executor.stop()
      await rm(outside, { recursive: true, force: true })
    })

    test('every process of a job is one that the kernel ends before this executor, when memory is short', needs('linux'), async () => {
      for (let n = 0; n < 5; n++) {
        const job = new JobClient(executor)
        await job.run({ commands: [endless(job.name)] })
        await job.until((state) => state.state === 'RUNNING' && state.progress !== null)
        const pids = await processesWith(job.name)
        const scores = await Promise.all(pids.map(async (pid) => Number(await readFile(`/proc/${pid}/oom_score_adj`, 'utf8'))))
        await job.remove()
        expect(scores.length).toBeGreaterThan(0)
        expect(new Set(scores)).toEqual(new Set([1000]))
      }
    })

    test('is in force, says health', async () => {
      expect(await (await fetch(`${executor.url}/v1/health`)).json()).toMatchObject({ ok: true, sandbox: kind })
    })

    test('files outside of the job are not read', async () => {
      const job = new JobClient(executor)
      const state = await job.ended({ commands: [copy(join(outside, 'canary.txt'), 'out.bin')], outputs: { out: 'out.bin' } })
      expect((await everythingShown(job, state)).includes(secret)).toBe(!walled)
    })

    test('nor by way of a playlist', async () => {
      const job = new JobClient(executor)
      await job.put('list.txt', `ffconcat version 1.0\nfile ${join(outside, 'canary.srt')}\n`)
      // Recognised by its content: a list that the command names as one is judged before FFmpeg reads it.
      const concat = ['-safe', '0', '-i', 'list.txt', 'out.srt']
      const state = await job.ended({ commands: [concat], inputs: { list: 'list.txt' }, outputs: { out: 'out.srt' } })
      expect((await everythingShown(job, state)).includes(secret)).toBe(!walled)
    })

    test('files outside of the job are not written', async () => {
      const target = join(outside, 'written.avi')
      await new JobClient(executor).ended({ commands: [[...testSource(1), target]] })
      expect(
        await readFile(target).then(
          () => true,
          () => false,
        ),
      ).toBe(!walled)
    })

    test('another job is neither read nor changed', async () => {
      const victim = new JobClient(executor)
      await victim.put('private.bin', secret)
      const path = join((await victim.folder()) ?? '', 'private.bin')
      const reader = new JobClient(executor)
      const state = await reader.ended({ commands: [copy(path, 'out.bin')], outputs: { out: 'out.bin' } })
      expect((await everythingShown(reader, state)).includes(secret)).toBe(!walled)
      const writer = new JobClient(executor)
      await writer.put('in.bin', 'overwritten')
      await writer.ended({ commands: [copy('in.bin', path)], inputs: { in: 'in.bin' } })
      expect(await readFile(path, 'utf8')).toBe(walled ? secret : 'overwritten')
    })

    test("the executor's environment is not FFmpeg's, nor to be read elsewhere", needs('linux'), async () => {
      const own = new JobClient(executor)
      const state = await own.ended({ commands: [copy('/proc/self/environ', 'out.bin')], outputs: { out: 'out.bin' } })
      expect(await everythingShown(own, state)).not.toContain(secret)
      const parents = new JobClient(executor)
      const attack = { commands: [copy(`/proc/${executor.pid}/environ`, 'out.bin')], outputs: { out: 'out.bin' } }
      expect((await everythingShown(parents, await parents.ended(attack))).includes(secret)).toBe(!walled)
    })

    test('the network is out of reach', async () => {
      let connections = 0
      const listener = createServer((socket) => {
        connections += 1
        socket.destroy()
      })
      const port = await new Promise<number>((resolve) => {
        listener.listen(0, '127.0.0.1', () => {
          const address = listener.address()
          resolve(typeof address === 'object' ? (address?.port ?? 0) : 0)
        })
      })
      await new JobClient(executor).ended({ commands: [['-i', `tcp://127.0.0.1:${port}`, 'out.avi']] })
      await new JobClient(executor).ended({ commands: [[...testSource(1), '-f', 'mpegts', `tcp://127.0.0.1:${port}`]] })
      listener.close()
      expect(connections > 0).toBe(!walled)
    })
  })
}

describe('the argv of a sandboxed program', () => {
  const confinement = { folder: '/jobs/a/files', uid: 60800, fileBytes: 1000.5, memoryBytes: 2000, gate: null }

  test('landlock: a user of its own, no new privileges, one folder to write in', () => {
    const readable = [
      { kind: 'folder', path: '/usr' },
      { kind: 'symlink', path: '/lib', target: 'usr/lib' },
    ] as const
    const argv = sandboxedArgv(
      { kind: 'landlock', setpriv: '/usr/bin/setpriv', prlimit: '/usr/bin/prlimit', readable: [...readable], seccompFilter: '/f.bpf' },
      confinement,
      ['/usr/bin/ffmpeg', '-version'],
    )
    expect(argv.slice(0, 4)).toEqual(['/usr/bin/prlimit', '--core=0', '--fsize=1001', '--data=2000'])
    expect(argv.join(' ')).toContain('--pdeathsig KILL --reuid 60800 --regid 60800 --clear-groups')
    expect(argv).toContain('--no-new-privs')
    expect(argv.filter((arg) => /path-beneath:.*write-file/.test(arg)).map((arg) => arg.split(':')[2])).toEqual([
      '/dev/null',
      '/jobs/a/files',
    ])
    expect(argv.filter((arg) => arg.includes('make-sym'))).toEqual([])
    expect(argv.slice(-3)).toEqual(['--', '/usr/bin/ffmpeg', '-version'])
  })

  test('none without tools is the program alone', () => {
    expect(sandboxedArgv({ kind: 'none', setpriv: null, prlimit: null }, confinement, ['/ffmpeg', '-i'])).toEqual(['/ffmpeg', '-i'])
  })
})

test('a complaint of the sandbox is told from one of FFmpeg', () => {
  expect(launcherComplaint("bwrap: Can't mkdir /x: Read-only\nmore")).toBe("bwrap: Can't mkdir /x: Read-only")
  expect(launcherComplaint('/usr/bin/setpriv: unrecognized option')).toBe('/usr/bin/setpriv: unrecognized option')
  expect(launcherComplaint('[mov] bwrap: no\n')).toBeNull()
})

test('the socket filter exists for both processors and no other', () => {
  expect(noSocketsFilter('x64')?.length).toBe(64)
  expect(noSocketsFilter('arm64')?.readUInt32LE(8 + 4)).toBe(0xc00000b7)
  expect(noSocketsFilter('mips')).toBeNull()
})

test('demuxers that open further files, and devices, are not used to probe', () => {
  const listing = [
    'File formats:',
    ' D. = Demuxing supported',
    ' --',
    ' D  3dostr          3DO STR',
    ' D  concat          Virtual concatenation script',
    ' D  hls             Apple HTTP Live Streaming',
    ' D  matroska,webm   Matroska / WebM',
    ' D d x11grab         X11 screen capture',
    ' D   wav             WAV',
  ]
  expect(harmlessDemuxers(listing.join('\n'))).toBe('3dostr,matroska,webm,wav')
})
