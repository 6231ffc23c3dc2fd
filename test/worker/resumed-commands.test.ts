/** Commands that are cut and killed in the middle of their transfers, in limits that make a small file a large one. */
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { AdmissionQueue } from '../../src/account/admission.ts'
import { uploadPatienceMs } from '../../src/command/upload.ts'
import { until } from './client.ts'
import { copyOf, Gate, lastingSeconds, mediaFile, mediaUrl, requestsFor } from './media.ts'
import { OwnCommand } from './own-command.ts'

const MEBIBYTE = 1024 * 1024
const PIECE = 20_000

const tone = await mediaFile('tone.wav')

/** Twelve megabytes of sound, which go into the bucket in three parts. */
const LARGE_OUTPUT = {
  output_files: { out_tone: 'tone.wav' },
  ffmpeg_command: '-f lavfi -i sine=d=140 -c:a pcm_s16le {{out_tone}}',
}
const LARGE = { vars: { UPLOAD_PART_MB: '5', MAX_JOB_DISK_MB: '100' } }

const isInput = ({ method }: Request) => method === 'PUT'
const isOutput = ({ url }: Request) => url.includes('/outputs/')

async function storedOf({ spec }: OwnCommand): Promise<number[]> {
  return (await env.FILES.list({ prefix: `${spec.account}/` })).objects.map(({ size }) => size)
}

async function deleteAll({ spec }: OwnCommand): Promise<void> {
  const { objects } = await env.FILES.list({ prefix: `${spec.account}/` })
  await env.FILES.delete(objects.map(({ key }) => key))
}

describe('inputs', () => {
  test('one that slices are too short for goes on where it was', async () => {
    const gate = new Gate('held')
    const limits = { pieceBytes: PIECE }
    await OwnCommand.run(copyOf(gate.url), { limits: { ...limits, sliceMs: 200 } }, async (command) => {
      await until('pieces have arrived', async () => {
        await command.alarm()
        return command.executor.pieces.filter(({ bytes }) => bytes === PIECE).length >= 2
      })
      command.restart(limits)
      expect((await command.ended()).state.status).toBe('SUCCESS')
      const starts = (await requestsFor(gate.url)).map(({ range }) => Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0))
      expect(starts).toEqual(starts.toSorted((a, b) => a - b))
      expect(starts.at(-1)).toBeGreaterThan(0)
      expect(Math.max(...command.executor.pieces.map(({ bytes }) => bytes))).toBe(PIECE)
    })
  })

  test.each([1, 2, 3, 4])('one whose command is killed after piece %i goes on from there', async (count) => {
    const url = mediaUrl('/tone.wav')
    await OwnCommand.run(copyOf(url), { limits: { pieceBytes: PIECE } }, async (command) => {
      await command.killAfter(count, isInput)
      expect((await command.ended()).state.status).toBe('SUCCESS')
      expect(command.executor.pieces.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(count === 1 ? PIECE + tone.length : tone.length)
      expect(await storedOf(command)).toHaveLength(1)
    })
  })

  test('forty of them come four at a time', async () => {
    const names = Array.from({ length: 40 }, (_, n) => `in_${n}`)
    const body = {
      input_files: Object.fromEntries(names.map((name) => [name, mediaUrl('/tone.wav')])),
      output_files: { out_mix: 'mix.m4a' },
      ffmpeg_command: `${names.map((name) => `-i {{${name}}}`).join(' ')} -filter_complex amix=inputs=40 -c:a alac {{out_mix}}`,
    }
    await OwnCommand.run(body, {}, async (command) => {
      expect((await command.ended()).state).toMatchObject({ status: 'SUCCESS' })
      expect(command.executor.most).toBe(4)
    })
  })

  test('those that an alarm has too few requests for come in the next', async () => {
    const names = ['in_0', 'in_1', 'in_2', 'in_3', 'in_4', 'in_5']
    const urls = names.map(() => mediaUrl('/tone.wav'))
    const body = {
      input_files: Object.fromEntries(names.map((name, n) => [name, urls[n]])),
      output_files: { out_mix: 'mix.m4a' },
      ffmpeg_command: `${names.map((name) => `-i {{${name}}}`).join(' ')} -filter_complex amix=inputs=6 -c:a alac {{out_mix}}`,
    }
    await OwnCommand.run(body, { limits: { requests: 6 } }, async (command) => {
      const { state, alarms } = await command.ended()
      expect(state.status).toBe('SUCCESS')
      expect(alarms).toBeGreaterThan(3)
    })
  })

  test('no source is opened as long as there is no executor', async () => {
    const url = mediaUrl('/tone.wav')
    await OwnCommand.run(copyOf(url), {}, async (command) => {
      command.executor.instead = () => new Response('There is no container instance that can be provided', { status: 503 })
      for (let n = 0; n < 3; n++) await command.alarm()
      expect((await command.read()).state).toMatchObject({ status: 'PROCESSING', stage: 'QUEUED', unavailableSince: expect.any(Number) })
      expect(await requestsFor(url)).toEqual([])
    })
  })

  test('an executor that does not know of preparing is one all the same', async () => {
    const url = mediaUrl('/tone.wav')
    await OwnCommand.run(copyOf(url), {}, async (command) => {
      const error = { code: 'BAD_REQUEST', message: 'there is no such endpoint' }
      command.executor.instead = ({ url }) => (url.endsWith('/prepare') ? Response.json({ error }, { status: 404 }) : null)
      expect((await command.ended()).state.status).toBe('SUCCESS')
    })
  })
})

describe('outputs', () => {
  test('a large one that alarms have too few requests for is stored over several, each part once', async () => {
    await OwnCommand.run(LARGE_OUTPUT, { ...LARGE, limits: { requests: 9 } }, async (command) => {
      const { state } = await command.ended()
      expect(state.status).toBe('SUCCESS')
      expect(command.bucket.parts.toSorted()).toEqual([1, 2, 3])
      expect([command.bucket.begun.length, command.bucket.open]).toEqual([1, []])
      expect(await storedOf(command)).toHaveLength(1)
      await deleteAll(command)
    })
  })

  test.each([1, 2, 3])(
    'one whose command is killed at part %i goes on with those that are missing, and leaves no upload',
    async (count) => {
      await OwnCommand.run(LARGE_OUTPUT, { ...LARGE, limits: { transfersAtOnce: 1 } }, async (command) => {
        await command.killAfter(count, isOutput)
        expect((await command.ended()).state.status).toBe('SUCCESS')
        expect(command.bucket.parts).toEqual([1, 2, 3])
        expect([command.bucket.begun.length, command.bucket.open]).toEqual([1, []])
        await deleteAll(command)
      })
    },
  )

  test('one whose command is cancelled in the middle leaves neither an upload nor a file', async () => {
    await OwnCommand.run(LARGE_OUTPUT, { ...LARGE, limits: { transfersAtOnce: 1 } }, async (command) => {
      command.bucket.beforePart = async (number) => {
        if (number === 2) await command.cancel()
      }
      expect((await command.ended()).state).toMatchObject({ status: 'FAILED', error: { status: 'CANCELLED' } })
      expect([command.bucket.begun.length, command.bucket.open]).toEqual([1, []])
      expect(await storedOf(command)).toEqual([])
      expect([...command.storage.kv.list({ prefix: 'upload' })]).toEqual([])
    })
  })

  test('one whose attempt is lost in the middle leaves no upload, and the next attempt stores it', async () => {
    await OwnCommand.run(LARGE_OUTPUT, { ...LARGE, limits: { transfersAtOnce: 1 } }, async (command) => {
      let isLost = false
      command.bucket.beforePart = async (number) => {
        isLost ||= number === 2
      }
      const error = { code: 'JOB_NOT_FOUND', message: 'there is no such job' }
      command.executor.instead = ({ url }) => (isLost && url.includes(command.job) ? Response.json({ error }, { status: 404 }) : null)
      expect((await command.ended()).state.status).toBe('SUCCESS')
      expect([command.bucket.begun.length, command.bucket.open]).toEqual([2, []])
      expect(await storedOf(command)).toHaveLength(1)
      await deleteAll(command)
    })
  })

  test('several are stored once each, whatever alarms they take', async () => {
    const names = ['out_0', 'out_1', 'out_2', 'out_3']
    const body = {
      output_files: Object.fromEntries(names.map((name) => [name, `${name}.wav`])),
      ffmpeg_command: `-f lavfi -i sine=d=1 ${names.map((name) => `{{${name}}}`).join(' ')}`,
    }
    await OwnCommand.run(body, { limits: { requests: 6, transfersAtOnce: 1 } }, async (command) => {
      expect((await command.ended()).state.status).toBe('SUCCESS')
      const outputs = command.executor.reads.filter(({ path }) => path.includes('/outputs/'))
      expect(outputs).toHaveLength(names.length)
      expect(await storedOf(command)).toHaveLength(names.length)
    })
  })

  test('a command that is given up after faults in a row lets go of its slot and its job at once', async () => {
    await OwnCommand.run(LARGE_OUTPUT, { ...LARGE, limits: { faults: 2 } }, async (command) => {
      command.bucket.beforePart = async () => {
        throw new Error('the bucket broke')
      }
      const state = await until('the command has ended', async () => {
        await command.alarm()
        const { state } = await command.read()
        return state.status === 'FAILED' && state
      })
      expect(state.error.status).toBe('INTERNAL_ERROR')
      expect(command.alarmAt).toBeLessThanOrEqual(Date.now())
      await command.alarm()
      expect([command.bucket.open, await storedOf(command), command.storage.kv.get('left_jobs')]).toEqual([[], [], undefined])
    })
  })

  test('a command whose outputs cannot be stored in time has failed by our fault', async () => {
    await OwnCommand.run(LARGE_OUTPUT, LARGE, async (command) => {
      const patience = uploadPatienceMs(13 * MEBIBYTE)
      command.bucket.beforePart = async () => {
        const record = command.storage.kv.get<Awaited<ReturnType<OwnCommand['read']>>>('record')
        if (record?.state.status !== 'PROCESSING' || record.state.stage !== 'UPLOADING') throw new Error('nothing is stored')
        command.storage.kv.put('record', { ...record, state: { ...record.state, since: record.state.since - patience } })
        command.restart()
        throw new Error('the bucket broke')
      }
      const { state } = await command.ended()
      expect(state).toMatchObject({
        status: 'FAILED',
        error: { status: 'INTERNAL_ERROR', message: expect.stringMatching(/no fault of the/) },
      })
      expect([command.bucket.open, await storedOf(command)]).toEqual([[], []])
    })
  })
})

test('a job that its executor has not confirmed to be gone is wiped while its command waits for a slot', async () => {
  await OwnCommand.run(copyOf(mediaUrl('/tone.wav')), {}, async (command) => {
    const account = env.ACCOUNT.get(env.ACCOUNT.idFromName(command.spec.account))
    await runInDurableObject(account, (_, { storage }) => {
      const slots = Number(env.MAX_CONCURRENT_COMMANDS)
      const queue = new AdmissionQueue(storage.sql, 0)
      for (let slot = 0; slot < slots; slot++) queue.enter({ kind: 'command', id: `holder-${slot}` }, slots, Date.now())
    })
    const error = { code: 'JOB_NOT_FOUND', message: 'there is no such job' }
    command.executor.instead = ({ method }) =>
      method === 'DELETE' ? new Response('not now', { status: 503 }) : Response.json({ error }, { status: 404 })
    await until('the command waits', async () => {
      await command.alarm()
      return (await account.queuePosition(command.spec.id)) === 0
    })
    expect(command.storage.kv.get('left_jobs')).toMatchObject([{ name: command.job }])
    expect(command.alarmAt).toBeLessThan(Date.now() + 60_000)
    command.executor.instead = () => null
    await until('the job is gone', async () => {
      await command.alarm()
      return command.storage.kv.get('left_jobs') === undefined
    })
    expect(command.alarmAt, 'nothing is left but to be woken').toBeGreaterThan(Date.now() + 60_000)
  })
})

test('one that was not confirmed before the next attempt began is wiped while that one works', async () => {
  await OwnCommand.run(lastingSeconds(30), { limits: { sliceMs: 200 } }, async (command) => {
    const error = { code: 'JOB_NOT_FOUND', message: 'there is no such job' }
    let isSilent = true
    command.executor.instead = ({ method, url }) => {
      if (!url.includes(command.job) || (method === 'DELETE' && !isSilent)) return null
      return method === 'DELETE' ? new Response('not now', { status: 503 }) : Response.json({ error }, { status: 404 })
    }
    const isAtWork = async () => {
      await command.alarm()
      const { state } = await command.read()
      return state.status === 'PROCESSING' && state.stage === 'FFMPEG' && state.attempt === 2
    }
    await until('the next attempt works', isAtWork)
    expect(command.storage.kv.get('left_jobs')).toMatchObject([{ name: command.job }])
    isSilent = false
    await until('the job is gone', async () => (await isAtWork()) && command.storage.kv.get('left_jobs') === undefined)
    await command.cancel()
    expect((await command.ended()).state.status).toBe('FAILED')
  })
})
