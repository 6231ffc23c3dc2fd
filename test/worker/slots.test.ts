/** How an account hands out its slots, with those whom it tells played by the tests. */
import { runInDurableObject } from 'cloudflare:test'
import { describe, expect, test } from 'vitest'
import { AdmissionQueue, LEASE_MS } from '../../src/account/admission.ts'
import { CommandIndex } from '../../src/account/command-index.ts'
import { FileIndex } from '../../src/account/file-index.ts'
import { type Message, Slots } from '../../src/account/slots.ts'
import type { CommandListing } from '../../src/command/record.ts'
import { ENGINE_LIMITS } from '../../src/durable/limits.ts'
import { ORIGIN, TestAccount } from './client.ts'
import { countRows } from './counting-sql.ts'

const WAITING = 10_000

/** An account's slots, and all that was told so far. */
class Scene {
  readonly slots: Slots
  readonly queue: AdmissionQueue
  readonly told: [id: string, slot: number | null][] = []
  readonly commands: CommandIndex
  readonly storage: DurableObjectStorage
  /** What becomes of a message; answers whether there is such a command or file. */
  receive: (message: Message) => Promise<boolean> = async () => true
  readonly #work: Promise<unknown>[] = []

  constructor(storage: DurableObjectStorage, slots: number) {
    this.storage = storage
    this.commands = new CommandIndex(storage.sql)
    this.slots = new Slots({
      storage,
      commands: this.commands,
      files: new FileIndex(storage.sql),
      slots: () => slots,
      warmMs: 60_000,
      tell: (message) => {
        this.told.push([message.id, message.slot])
        return this.receive(message)
      },
      waitUntil: (work) => this.#work.push(work),
    })
    this.queue = this.slots.queue
  }

  async wait(...ids: string[]): Promise<void> {
    await this.slots.change(() => {
      for (const id of ids) this.queue.enqueue({ kind: 'command', id })
    })
    await this.settled()
  }

  async release(id: string): Promise<void> {
    await this.slots.change(() => this.queue.release(id, Date.now()))
    await this.settled()
  }

  /** Lets the lease of `id` run out, and the alarm come. */
  async runOut(id: string): Promise<void> {
    this.queue.expire(id, Date.now() - 1)
    await this.slots.alarm()
  }

  /** As after a crash or a new deployment: all that was in memory is lost. */
  restarted(slots: number): Scene {
    return new Scene(this.storage, slots)
  }

  async settled(): Promise<void> {
    await Promise.all(this.#work)
  }
}

async function inAccount<T>(slots: number, play: (scene: Scene) => Promise<T>): Promise<T> {
  const account = await TestAccount.create()
  return runInDurableObject(account.stub, (_, { storage }) => play(new Scene(storage, slots)))
}

function listing(id: string, createdAt: number): CommandListing {
  return {
    spec: {
      id,
      account: 'a',
      type: 'FFMPEG_COMMAND',
      request: { input_files: {}, output_files: {}, ffmpeg_command: '' },
      compiled: { argvs: [], inputs: {}, outputs: {} },
      metadata: '{}',
      webhookUrl: null,
      maxRunSeconds: 1,
      createdAt,
      origin: ORIGIN,
    },
    state: { status: 'QUEUED' },
    deletedFiles: [],
  }
}

describe('whoever is given a slot is told which', () => {
  test('at once, when another gives its own back', () =>
    inAccount(1, async (scene) => {
      await scene.wait('a', 'b')
      expect(scene.told).toEqual([['a', 0]])
      await scene.release('a')
      expect(scene.told).toEqual([
        ['a', 0],
        ['b', 0],
      ])
    }))

  test('but for one that asks by itself right now', () =>
    inAccount(2, async (scene) => {
      await scene.slots.change(() => scene.queue.enqueue({ kind: 'file', id: 'a' }), ['a'])
      await scene.settled()
      expect(await scene.slots.admit('a')).toEqual({ kind: 'slot', slot: 0 })
      expect(scene.told).toEqual([])
    }))

  test('with the alarm set before, so that a crash in between is made good', () =>
    inAccount(1, async (scene) => {
      const alarms: (number | null)[] = []
      scene.receive = async () => {
        alarms.push(await scene.storage.getAlarm())
        throw new Error('the poke is lost')
      }
      await scene.storage.deleteAlarm()
      await scene.wait('a')
      expect(alarms).toEqual([expect.any(Number)])
      expect(alarms[0]).toBeLessThanOrEqual(Date.now() + LEASE_MS)

      const after = scene.restarted(1)
      await after.runOut('a')
      expect(after.told, 'told again when the lease has run out').toEqual([['a', 0]])
    }))

  test('when there have come to be more slots, by whoever renews its lease first', () =>
    inAccount(1, async (scene) => {
      await scene.wait('a', 'b', 'c')
      const after = scene.restarted(2)
      expect(await after.slots.admit('a')).toEqual({ kind: 'slot', slot: 0 })
      await after.settled()
      expect(after.told).toEqual([['b', 1]])
    }))

  test('when there have come to be more slots, and no holder renews its lease any more', () =>
    inAccount(1, async (scene) => {
      await scene.wait('a', 'b')
      const after = scene.restarted(2)
      await after.runOut('a')
      expect(after.told.toSorted()).toEqual([
        ['a', 0],
        ['b', 1],
      ])
    }))

  test('when the holder before it was deleted, and when one that waited was', () =>
    inAccount(1, async (scene) => {
      await scene.wait('a', 'b', 'c')
      await scene.release('b')
      await scene.release('a')
      expect(scene.told.at(-1)).toEqual(['c', 0])
    }))
})

describe('a holder whose lease has run out', () => {
  test('is reminded once, however many alarms come', () =>
    inAccount(2, async (scene) => {
      await scene.wait('a', 'b')
      scene.told.length = 0
      await scene.runOut('a')
      await scene.slots.alarm()
      await scene.restarted(2).slots.alarm()
      expect(scene.told).toEqual([['a', 0]])
      expect(scene.queue.nextExpiry(), 'nothing is due before a whole lease is over').toBeGreaterThan(Date.now() + LEASE_MS / 2)
    }))

  test('keeps the slot when it answers', () =>
    inAccount(1, async (scene) => {
      await scene.wait('a', 'b')
      await scene.runOut('a')
      await scene.slots.admit('a')
      await scene.runOut('a')
      expect(scene.queue.admission('a')).toEqual({ kind: 'slot', slot: 0 })
    }))

  test('loses it to the next when it was reminded in vain, and both are told, once', () =>
    inAccount(1, async (scene) => {
      await scene.wait('a', 'b')
      await scene.runOut('a')
      scene.told.length = 0
      await scene.runOut('a')
      expect(scene.told.toSorted()).toEqual([
        ['a', null],
        ['b', 0],
      ])
      expect(scene.queue.admission('a')).toEqual({ kind: 'waiting' })
      await scene.release('b')
      expect(scene.told.at(-1), 'its turn comes again').toEqual(['a', 0])
    }))

  test('gets it anew where nobody else waits', () =>
    inAccount(1, async (scene) => {
      await scene.wait('a')
      await scene.runOut('a')
      scene.told.length = 0
      await scene.runOut('a')
      expect(scene.told).toEqual([['a', 0]])
    }))

  test('loses it to the next at once where it was never stored', () =>
    inAccount(1, async (scene) => {
      scene.receive = async ({ id }) => id !== 'ghost'
      await scene.wait('ghost', 'b')
      await scene.runOut('ghost')
      expect(scene.told.at(-1)).toEqual(['b', 0])
      expect(scene.queue.admission('ghost')).toEqual({ kind: 'unknown' })
    }))
})

describe('a slot that is given to somebody who is not there', () => {
  test('goes on to the next at once where a command was listed long ago', () =>
    inAccount(1, async (scene) => {
      scene.receive = async ({ id }) => id !== 'ghost'
      scene.commands.put(listing('ghost', Date.now() - 2 * LEASE_MS))
      await scene.wait('a', 'ghost', 'b')
      await scene.release('a')
      expect(scene.told.at(-1)).toEqual(['b', 0])
    }))

  test('goes on to the next at once where a file was erased while it waited', () =>
    inAccount(1, async (scene) => {
      scene.receive = async ({ kind }) => kind === 'command'
      await scene.wait('a')
      await scene.slots.change(() => scene.queue.enqueue({ kind: 'file', id: 'erased' }))
      await scene.wait('b')
      await scene.release('a')
      expect(scene.told.at(-1)).toEqual(['b', 0])
    }))

  test('reaches somebody in the end, however many are not there, and no alarm tells more than some hundreds', () =>
    inAccount(1, async (scene) => {
      scene.receive = async ({ id }) => !id.startsWith('ghost')
      const ghosts = Array.from({ length: 450 }, (_, n) => `ghost-${n}`)
      for (const id of ghosts) scene.commands.put(listing(id, Date.now() - 2 * LEASE_MS))
      await scene.wait('a', ...ghosts, 'b')
      await scene.release('a')
      expect(scene.told.length).toBeLessThan(300)
      while (scene.told.at(-1)?.[0] !== 'b') {
        const before = scene.told.length
        expect(await scene.storage.getAlarm()).toBeLessThanOrEqual(Date.now())
        await scene.slots.alarm()
        expect(scene.told.length - before).toBeLessThan(300)
      }
    }))
})

describe(`a queue of ${WAITING} commands`, () => {
  /** What an action in the queue reads and writes, with all of them waiting behind one that is at work. */
  const cost = async (action: (queue: AdmissionQueue) => unknown) => {
    const account = await TestAccount.create()
    return countRows(account, (sql) => {
      const queue = new AdmissionQueue(sql, 60_000)
      for (let n = 0; n <= WAITING; n++) queue.enqueue({ kind: 'command', id: `c-${n}` })
      queue.admitWaiting(1, Date.now())
      // A submit asks every time: the first counts.
      expect(queue.waitingCommands).toBe(WAITING)
      return () => action(queue)
    })
  }
  const FEW = 12

  test.each<[string, (queue: AdmissionQueue) => unknown]>([
    ['one that waits asks', (queue) => queue.renew(`c-${WAITING}`, Date.now())],
    ['one that is at work renews its lease', (queue) => queue.renew('c-0', Date.now())],
    ['somebody looks at the position of the last', (queue) => expect(queue.position(`c-${WAITING}`)).toBe(WAITING - 1)],
    ['a submit looks whether there is room', (queue) => queue.waitingCommands],
    ['one more queues up', (queue) => queue.enqueue({ kind: 'command', id: 'new' })],
    ['nobody can be given a slot', (queue) => queue.admitWaiting(1, Date.now())],
    ['a slot goes to the next', (queue) => [queue.release('c-0', Date.now()), queue.admitWaiting(1, Date.now())]],
    ['one that waits is deleted', (queue) => queue.release('c-5000', Date.now())],
    ['the alarm is set', (queue) => queue.nextExpiry()],
    ['a lease has run out', (queue) => [queue.expire('c-0', 0), queue.remind(1), queue.nextExpiry()]],
  ])('reads a few rows when %s', async (_, action) => {
    expect((await cost(action)).read).toBeLessThan(FEW)
  })

  test('costs its account five requests a second at most, renewals of its slots included', () => {
    const { askAgainMs, leaseRenewalMs } = ENGINE_LIMITS
    const asking = (1000 * WAITING) / ((askAgainMs.min + askAgainMs.max) / 2)
    const renewing = (1000 * 4) / leaseRenewalMs
    expect(asking + renewing).toBeLessThanOrEqual(5)
  })
})

test('how many commands wait, and how many are ahead of each, stays true whatever becomes of them', () =>
  inAccount(2, async (scene) => {
    expect(scene.queue.waitingCommands).toBe(0)
    const ids = ['a', 'b', 'c', 'd', 'e', 'f']
    const tell = (queue: AdmissionQueue) => [queue.waitingCommands, ...ids.map((id) => queue.position(id))]
    const look = () => expect(tell(scene.queue)).toEqual(tell(scene.restarted(2).queue))
    await scene.wait('a', 'b', 'c', 'd', 'c')
    look()
    expect(tell(scene.queue)).toEqual([2, null, null, 0, 1, null, null])
    await scene.slots.change(() => scene.queue.enqueue({ kind: 'file', id: 'f' }))
    look()
    await scene.release('d')
    await scene.release('nobody')
    look()
    await scene.runOut('a')
    await scene.runOut('a')
    look()
    await scene.release('b')
    look()
    const undone = scene.slots.change(() => {
      scene.queue.enqueue({ kind: 'command', id: 'e' })
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    look()
  }))
