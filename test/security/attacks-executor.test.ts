import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { JobClient } from '../executor/job-client.ts'
import { needs, needsSandbox } from '../machine/needs.ts'
import { type ExecutorProcess, startExecutor } from '../support/executor-process.ts'
import { type Attack, attacks, type Prey } from './attacks.ts'
import { type Canary, makeCanary } from './canary.ts'
import { makeVideo } from './sample-media.ts'
import { strike } from './strike.ts'
import { Trap } from './trap.ts'

/** Many of the attacks wait for what never comes. */
const HELD_SECONDS = 3
/** Where an attack must get through, on a busy machine too. */
const FREE_SECONDS = 50

/** Each attack that gets to its prey where nothing protects it, and what is seen of that. It needs no part of FFmpeg that a build may lack. */
const DANGEROUS: Record<string, string> = {
  'absolute path after a plain input': 'the secret came out',
  'climbing path': 'the secret came out',
  'raw data of a local file': 'the secret came out',
  'concat protocol': 'the secret came out',
  'graph file of a lavfi input': 'the secret came out',
  'absolute path in a later step': 'the secret came out',
  movie: 'the canary was read',
  'absolute output': 'new beside the canary: evil.mp4',
  'output over a local file': 'the canary was changed',
  'pass log elsewhere': 'new beside the canary: p-0.log',
  'http input': 'the listener was connected to',
  'ffprobe of a URL': 'the listener was connected to',
  'tcp output': 'the listener was connected to',
  'udp output': 'the listener was sent a datagram',
}

const TITLES = attacks({ file: '', listener: '', folder: '' }).map((attack) => attack.title)

function attackOn(prey: Prey, title: string): Attack {
  const attack = attacks(prey).find((candidate) => candidate.title === title)
  if (attack === undefined) throw new Error(`there is no attack "${title}"`)
  return attack
}

let root: string
let canary: Canary
let video: Uint8Array<ArrayBuffer>

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'renderio-test-'))
  // A sandbox may run FFmpeg as another user, whom the folder's own rights must not stop.
  await chmod(root, 0o755)
  canary = await makeCanary()
  video = await makeVideo(root)
})
afterAll(() => rm(root, { recursive: true, force: true }))

/** What the attack got to; empty if nothing. */
async function lootOf(executor: ExecutorProcess, title: string, trap: Trap, seconds: number): Promise<string[]> {
  try {
    const shown = await strike(executor, attackOn(trap.prey, title), video, seconds)
    return [...(shown.includes(canary.secret) ? ['the secret came out'] : []), ...(await trap.disturbances())]
  } finally {
    trap.close()
  }
}

/** A folder outside of every job. */
function trapElsewhere(): Promise<Trap> {
  return Trap.inNewFolder(join(root, crypto.randomUUID()), canary.bytes)
}

async function trapInAnotherJob(executor: ExecutorProcess): Promise<Trap> {
  const victim = new JobClient(executor)
  await victim.put('canary.ts', canary.bytes)
  return Trap.around((await victim.folder()) ?? '', canary.bytes)
}

for (const kind of ['landlock', 'bwrap'] as const) {
  describe(`with no policy and no guards, in the sandbox ${kind}`, needsSandbox(kind), () => {
    const ownSecret = crypto.randomUUID()
    let executor: ExecutorProcess
    beforeAll(async () => {
      executor = await startExecutor({ env: { SANDBOX: kind, OWN_SECRET: ownSecret } })
    })
    afterAll(() => executor.stop())

    test('that sandbox is in force, says health', async () => {
      expect(await (await fetch(`${executor.url}/v1/health`)).json()).toMatchObject({ ok: true, sandbox: kind })
    })

    describe('nothing outside of the job is read, written or visited by', () => {
      test.concurrent.each(TITLES)('%s', async (title) => {
        expect(await lootOf(executor, title, await trapElsewhere(), HELD_SECONDS)).toEqual([])
      })
    })

    describe('another job is neither read nor changed by', () => {
      test.concurrent.each(Object.keys(DANGEROUS))('%s', async (title) => {
        expect(await lootOf(executor, title, await trapInAnotherJob(executor), HELD_SECONDS)).toEqual([])
      })
    })

    test('a playlist among the outputs is not followed when they are probed', async () => {
      const trap = await trapElsewhere()
      const job = new JobClient(executor)
      await job.put('list.bin', `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n${trap.prey.file}\n#EXT-X-ENDLIST\n`)
      const copy = ['-f', 'data', '-i', 'list.bin', '-map', '0', '-c', 'copy', '-f', 'data', 'out.m3u8']
      const state = await job.ended({ commands: [copy], inputs: { list: 'list.bin' }, outputs: { out: 'out.m3u8' } })
      expect(state.state).toBe('SUCCEEDED')
      expect(await trap.disturbances()).toEqual([])
      trap.close()
    })

    describe("the executor's environment is not shown by", () => {
      test.concurrent.each(['own environment as raw data', 'raw data of a local file', 'attachment from the disk'])('%s', async (title) => {
        const prey = { file: `/proc/${executor.pid}/environ`, listener: '127.0.0.1:1', folder: root }
        const shown = await strike(executor, attackOn(prey, title), video, HELD_SECONDS)
        expect(shown.includes(ownSecret)).toBe(false)
      })
    })
  })
}

describe('with nothing to hold them, so that the tests above are real ones', () => {
  const ownSecret = crypto.randomUUID()
  let executor: ExecutorProcess
  beforeAll(async () => {
    executor = await startExecutor({ env: { SANDBOX: 'none', OWN_SECRET: ownSecret } })
  })
  afterAll(() => executor.stop())

  test.concurrent.each(Object.entries(DANGEROUS))('%s: %s', async (title, loot) => {
    expect(await lootOf(executor, title, await trapElsewhere(), FREE_SECONDS)).toContain(loot)
  })

  test.concurrent.each(['absolute path in a later step', 'output over a local file'])('another job is got at by %s', async (title) => {
    expect(await lootOf(executor, title, await trapInAnotherJob(executor), FREE_SECONDS)).not.toEqual([])
  })

  test("the executor's environment comes out", needs('linux'), async () => {
    const prey = { file: `/proc/${executor.pid}/environ`, listener: '127.0.0.1:1', folder: root }
    const shown = await strike(executor, attackOn(prey, 'raw data of a local file'), video, FREE_SECONDS)
    expect(shown.includes(ownSecret)).toBe(true)
  })
})
