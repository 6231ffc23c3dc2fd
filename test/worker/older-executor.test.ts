/** A Worker that is newer than its executor runs on it what that can run, and waits with the rest. */
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { Command } from '../../src/command/command.ts'
import type { CommandRecord } from '../../src/command/record.ts'
import { settingsOf } from '../../src/settings.ts'
import { commandStub, TestAccount } from './client.ts'
import { copyOf, mediaUrl } from './media.ts'

/** The executor of the tests as one of an older version would answer, and what it is asked. */
function olderExecutor(revision: number | undefined) {
  const asked: string[] = []
  const { url = '' } = settingsOf(env).executor ?? {}
  const fetcher = {
    fetch: async (request: Request) => {
      const { pathname, search } = new URL(request.url)
      asked.push(`${request.method} ${pathname.split('/').slice(4).join('/') || pathname}`)
      const sent = new Request(url + pathname + search, request)
      sent.headers.delete('accept')
      const answer = await fetch(sent)
      if (pathname !== '/v1/health') return answer
      return Response.json({ ...(await answer.json<object>()), protocol_revision: revision }, { status: answer.status })
    },
  }
  const namespace = { idFromName: () => '', get: () => fetcher }
  return { asked, namespace }
}

/** What becomes of such a command in its first alarm on that executor. */
async function firstAlarm(body: unknown, revision: number | undefined) {
  const account = await TestAccount.create()
  const { command_id } = await account.run(body)
  const record = await runInDurableObject(commandStub(command_id), (_, state) => state.storage.kv.get<CommandRecord>('record'))
  if (!record) throw new Error('there is no such command')
  const { asked, namespace } = olderExecutor(revision)
  const id = crypto.randomUUID()
  const { state } = await runInDurableObject(commandStub(id), async (_, object) => {
    const bindings = Object.create(env, { EXECUTOR_URL: { value: '' }, EXECUTOR: { value: namespace } })
    const command = new Command(object, bindings)
    await command.submit({ ...record.spec, id }, { kind: 'slot', slot: 0 })
    await command.alarm()
    await object.storage.deleteAlarm()
    return { state: (await command.read(account.name))?.state }
  })
  return { state, asked }
}

const PROBE = { input_files: { in_a: mediaUrl('/tone.wav') }, output_files: {}, ffmpeg_command: 'ffprobe -show_format {{in_a}}' }

describe('an older executor', () => {
  test.each([undefined, 1])('that says it knows %s is not asked to run ffprobe, and the command waits for another', async (revision) => {
    const { state, asked } = await firstAlarm(PROBE, revision)
    expect(state).toMatchObject({
      status: 'PROCESSING',
      stage: 'QUEUED',
      attempt: 1,
      lostAttempts: 0,
      unavailableSince: expect.any(Number),
    })
    expect(asked).not.toContain('POST run')
    expect(asked).not.toContain('POST prepare')
  })

  test('is not asked what it knows for a command that needs nothing new, and runs it', async () => {
    const { state, asked } = await firstAlarm(copyOf(mediaUrl('/tone.wav')), undefined)
    expect(state).toMatchObject({ status: 'SUCCESS' })
    expect(asked).toContain('POST run')
    expect(asked).not.toContain('GET /v1/health')
  })
})

test('an executor of this version runs ffprobe', async () => {
  const { state } = await firstAlarm(PROBE, 2)
  expect(state).toMatchObject({ status: 'SUCCESS' })
})
