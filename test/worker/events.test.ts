import { runInDurableObject } from 'cloudflare:test'
import { describe, expect, test } from 'vitest'
import { needs } from '../machine/needs.ts'
import { commandStub, TestAccount, until } from './client.ts'
import { EventReader, type ReceivedEvent } from './event-reader.ts'
import { copyOf, Gate, lastingSeconds, mediaUrl, SHORT_TONE } from './media.ts'

/** Links are fresh in every view of a command. */
function withoutLinks(command: unknown): unknown {
  return JSON.parse(JSON.stringify(command, (key, value: unknown) => (key === 'storage_url' && value !== null ? 'fresh' : value)))
}

describe('the events of a command', () => {
  test('are its stages, its progress and its end, with which the stream is over', async () => {
    const account = await TestAccount.create()
    const id = await account.submit({ ...lastingSeconds(59), max_command_run_seconds: 60 })
    const reader = await EventReader.open(account, id)
    const events: ReceivedEvent[] = []
    const isProgress = ({ event }: ReceivedEvent) => event === 'progress'
    // It is ended as soon as it has reported twice, however long that takes.
    for (let event = await reader.next(); event && events.push(event); event = await reader.next()) {
      if (events.filter(isProgress).length === 2) break
    }
    await account.request(`/api/v1/commands/${id}/cancel`, { method: 'POST' })
    events.push(...(await reader.rest()))
    const stages = events.filter(({ event }) => event === 'status').map(({ data }) => `${data.status} ${data.processing_stage}`)
    const order = ['QUEUED null', 'PROCESSING DOWNLOADING', 'PROCESSING FFMPEG', 'PROCESSING UPLOADING']
    expect(stages).toEqual(order.filter((stage) => stages.includes(stage)))
    expect(stages).toContain('PROCESSING FFMPEG')

    const progress = events.filter(isProgress).map(({ data }) => Number(data.progress))
    expect(progress.length).toBeGreaterThan(1)
    expect(progress).toEqual(progress.toSorted((a, b) => a - b))
    expect(new Set(events.map(({ id: mark }) => mark)).size, 'each has an id of its own').toBe(events.length)

    const end = events.at(-1)
    expect(events.filter(({ event }) => event === 'end')).toEqual([end])
    expect(end?.data).toMatchObject({ status: 'FAILED', error_status: 'CANCELLED' })
    expect(withoutLinks(end?.data)).toEqual(withoutLinks(await account.poll(id)))
  })

  test('of progress are two a second at most', needs('ffmpeg5'), async () => {
    const account = await TestAccount.create()
    const id = await account.submit({
      output_files: { out_a: 'a.wav' },
      ffmpeg_command: '-re -f lavfi -i sine -t 8 -stats_period 0.1 {{out_a}}',
    })
    const reader = await EventReader.open(account, id)
    const times: number[] = []
    for (let event = await reader.next(); event; event = await reader.next()) if (event.event === 'progress') times.push(Date.now())
    const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000
    expect(times.length).toBeGreaterThan(1)
    // On a busy machine some arrive late and close to the next; FFmpeg reports five a second.
    expect(times.length - 1).toBeLessThanOrEqual(seconds * 2 + 2)
  })

  test('have what FFmpeg reports, also where no percentage can be known', async () => {
    const account = await TestAccount.create()
    const id = await account.submit({
      output_files: { out_a: 'a.mkv' },
      ffmpeg_command: '-re -f lavfi -i testsrc=s=32x32:r=10 -frames:v 15 {{out_a}}',
    })
    const events = await (await EventReader.open(account, id)).rest()
    expect(events.findLast(({ event }) => event === 'progress')?.data).toEqual({
      command_id: id,
      status: 'PROCESSING',
      processing_stage: 'FFMPEG',
      progress: null,
      queue_position: null,
      ffmpeg: {
        command: 1,
        frame: expect.any(Number),
        fps: expect.any(Number),
        out_time_seconds: expect.any(Number),
        speed: expect.any(Number),
      },
    })
  })

  test('of one that waits have its place in the queue', async () => {
    const account = await TestAccount.create()
    const gates = [new Gate(), new Gate()]
    for (const gate of gates) await account.submit(copyOf(gate.url))
    await until('every slot is taken', async () => (await account.list('?status=PROCESSING')).total === gates.length)
    await account.submit(SHORT_TONE)
    const reader = await EventReader.open(account, await account.submit(SHORT_TONE))
    expect(await reader.next()).toMatchObject({ event: 'status', id: 'QUEUED', data: { status: 'QUEUED', queue_position: 1 } })
    for (const gate of gates) await gate.open()
    expect((await reader.rest()).at(-1)).toMatchObject({ event: 'end', data: { status: 'SUCCESS' } })
  })

  test('of one that has ended are its end alone', async () => {
    const account = await TestAccount.create()
    const command = await account.run(copyOf(mediaUrl('/status/404')))
    const events = await (await EventReader.open(account, command.command_id)).rest()
    expect(events).toEqual([{ event: 'end', id: 'FAILED', data: command }])
  })

  test('tell a cancellation', async () => {
    const account = await TestAccount.create()
    const id = await account.submit(copyOf(new Gate().url))
    const reader = await EventReader.open(account, id)
    await reader.next()
    await account.request(`/api/v1/commands/${id}/cancel`, { method: 'POST' })
    expect((await reader.rest()).at(-1)).toMatchObject({ event: 'end', data: { error_status: 'CANCELLED' } })
  })

  test('go to everybody who listens', async () => {
    const account = await TestAccount.create()
    const gate = new Gate()
    const id = await account.submit(copyOf(gate.url))
    const readers = await Promise.all([1, 2, 3].map(() => EventReader.open(account, id)))
    await gate.open()
    const ends = await Promise.all(readers.map(async (reader) => (await reader.rest()).at(-1)?.event))
    expect(ends).toEqual(['end', 'end', 'end'])
  })
})

describe('coming again', () => {
  test('with the id of what came last brings nothing twice', async () => {
    const account = await TestAccount.create()
    const gate = new Gate()
    const id = await account.submit(copyOf(gate.url))
    await until('it downloads', async () => (await account.poll(id)).processing_stage === 'DOWNLOADING')
    const reader = await EventReader.open(account, id)
    const first = await reader.next()
    expect(first).toMatchObject({ event: 'status', data: { processing_stage: 'DOWNLOADING' } })
    await reader.close()
    const again = await EventReader.open(account, id, first?.id)
    await gate.open()
    const events = await again.rest()
    expect(events.map((event) => event.id)).not.toContain(first?.id)
    expect(events.at(-1)?.event).toBe('end')
  })

  test.each([
    ['an older one', 'QUEUED'],
    ['one that nobody gave out', 'nonsense'],
    ['an empty one', ''],
  ])('with %s brings how things stand at once', async (_, lastEventId) => {
    const account = await TestAccount.create()
    const gate = new Gate()
    const id = await account.submit(copyOf(gate.url))
    await until('it downloads', async () => (await account.poll(id)).processing_stage === 'DOWNLOADING')
    const reader = await EventReader.open(account, id, lastEventId)
    expect(await reader.next()).toMatchObject({ event: 'status', data: { processing_stage: 'DOWNLOADING' } })
    await reader.close()
    await gate.open()
  })

  test('after the end is a 204, which keeps an EventSource from coming once more', async () => {
    const account = await TestAccount.create()
    const { command_id } = await account.run(copyOf(mediaUrl('/status/404')))
    const response = await account.request(`/api/v1/commands/${command_id}/events`, { headers: { 'last-event-id': 'FAILED' } })
    expect([response.status, await response.text()]).toEqual([204, ''])
  })
})

test('the stream goes on when the command’s object dies under it', async () => {
  const account = await TestAccount.create()
  const id = await account.submit(lastingSeconds(2))
  const reader = await EventReader.open(account, id)
  expect(await account.reaches(id, 'FFMPEG')).toBe(true)
  await runInDurableObject(commandStub(id), (_, state) => state.abort('killed by a test')).catch(() => undefined)
  expect((await reader.rest()).at(-1)).toMatchObject({ event: 'end', data: { status: 'SUCCESS' } })
})

test('a comment keeps the connection alive while nothing happens', async () => {
  const account = await TestAccount.create()
  const gate = new Gate()
  const id = await account.submit(copyOf(gate.url))
  const reader = await EventReader.open(account, id)
  const blocks: (string | null)[] = []
  while (!blocks.at(-1)?.startsWith(':')) blocks.push(await reader.nextBlock())
  await gate.open()
  expect((await reader.rest()).at(-1)?.event).toBe('end')
})
