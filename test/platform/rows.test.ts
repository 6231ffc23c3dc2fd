/** Two megabytes a value, a row, and a text in it. */
import { runInDurableObject } from 'cloudflare:test'
import { expect, test } from 'vitest'
import { keepLog } from '../../src/command/job-log.ts'
import { CommandStore } from '../../src/command/store.ts'
import { ExecutorClient } from '../../src/executor/client.ts'
import { afterAttempt, newOutbox, type Outbox } from '../../src/webhooks/outbox.ts'
import { commandStub, SUBMIT, TestAccount, VALIDATE } from '../worker/client.ts'
import { SHORT_TONE } from '../worker/media.ts'
import { ledger } from './ledger.ts'
import { PLATFORM } from './limits.ts'
import { rowBytes, serialisedBytes } from './stored-size.ts'

/** A character that takes two bytes in memory, and three on the way. */
const WIDE = '語'
const MILLION = 1_000_000

/** Does something to the store of a command that has ended. */
async function withStore(action: (store: CommandStore) => Promise<void> | void): Promise<void> {
  const account = await TestAccount.create()
  const { command_id } = await account.succeed(SHORT_TONE)
  await runInDurableObject(commandStub(command_id), (_, { storage }) => action(new CommandStore(storage)))
}

function executorThatLogs(log: string): ExecutorClient {
  return new ExecutorClient({ fetch: async () => new Response(log) }, 'http://executor', null)
}

test('what a value takes is counted as V8 serialises it, and a row as SQLite keeps it', () => {
  expect(serialisedBytes('é'.repeat(1000))).toBeLessThan(1_100)
  expect(serialisedBytes(`a${WIDE}`.repeat(500))).toBeGreaterThan(2_000)
  expect(serialisedBytes({ log: ['a'.repeat(1000)] })).toBeGreaterThan(1_000)
  expect(rowBytes([WIDE.repeat(1000)])).toBe(3_000)
})

test('a value of more than two megabytes is refused', async () => {
  await withStore((store) => {
    expect(() => {
      store.log = WIDE.repeat(MILLION)
    }).toThrow('size of a value')
  })
  expect(ledger.takeViolations()).toEqual([expect.stringContaining('size of a value: the key log of a Command')])
})

test.each([
  ['Latin-1', 'é'],
  ['any script', WIDE],
  ['emoji', '🎬'],
])('the end of a log of two million characters in %s is kept', async (_, character) => {
  const log = `${character.repeat((2 * MILLION) / character.length)}the end`
  await withStore(async (store) => {
    await keepLog('job', { executor: executorThatLogs(log), kept: store })
    expect(store.log.length).toBeGreaterThan(0.9 * MILLION)
    expect(log.endsWith(store.log), 'it is the end').toBe(true)
  })
})

test('the largest submit that is accepted is stored and listed, in any script', async () => {
  const account = await TestAccount.create()
  const body = (length: number) => ({
    ...SHORT_TONE,
    ffmpeg_command: `-f lavfi -i sine=d=0.1 -metadata comment=${WIDE.repeat(length)} {{out_tone}}`,
    metadata: { a: WIDE.repeat(1000) },
  })
  const isAccepted = async (length: number) => (await account.send(VALIDATE, body(length))).status === 200
  let [most, tooMany] = [0, 200_000]
  while (tooMany - most > 1) {
    const middle = Math.floor((most + tooMany) / 2)
    if (await isAccepted(middle)) most = middle
    else tooMany = middle
  }
  expect(most).toBeGreaterThan(10_000)
  ledger.largestValue = 0
  const id = await account.submit(body(most), SUBMIT)
  await account.cancel(id)
  await account.ended(id)
  expect((await account.list()).total).toBe(1)
  expect(ledger.largestValue).toBeGreaterThan(200_000)
  expect(ledger.largestValue).toBeLessThan(PLATFORM.valueBytes / 2)
})

test('an outbox with more attempts than are kept, each as long as one can be, is stored', async () => {
  const attempt = {
    at: Date.now(),
    url: `https://example.com/${WIDE.repeat(4_000)}`,
    status: 500,
    error: null,
    durationMs: 15_000,
    response: WIDE.repeat(500),
    manual: true,
  }
  const clock = { delays: [0], now: Date.now(), random: 0.5 }
  let outbox: Outbox = newOutbox('msg_x', Date.now())
  for (let n = 0; n < 60; n++) outbox = afterAttempt(outbox, { attempt, retryAfter: null, refused: false }, null, clock)
  expect(outbox.attempts).toHaveLength(50)
  await withStore((store) => {
    store.outbox = outbox
    expect(store.outbox?.attempts).toHaveLength(50)
  })
})
