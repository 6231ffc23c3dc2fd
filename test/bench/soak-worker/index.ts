/** The service as the soak runs it: with short slices and few requests in each, and with objects that are evicted at random. */
import { Account as PlainAccount } from '../../../src/account/account.ts'
import { Command as PlainCommand } from '../../../src/command/command.ts'
import { ENGINE_LIMITS, type EngineLimits } from '../../../src/durable/limits.ts'
import { Executor } from '../../../src/executor/executor.ts'
import handler from '../../../src/index.ts'
import { StoredFile as PlainStoredFile } from '../../../src/stored-file/stored-file.ts'
import { EVICTED_LINE } from '../soak-evictions.ts'

export { Executor }
export default handler

/** A large input or output takes several alarms, and several pieces. */
const LIMITS: EngineLimits = { ...ENGINE_LIMITS, sliceMs: 2_000, requests: 30, pieceBytes: 8 * 1024 * 1024 }

/** How many objects of a kind are evicted once they are in memory, and within how many milliseconds. */
const EVICTED = {
  account: { share: 0.3, withinMs: 30_000 },
  command: { share: 0.15, withinMs: 2_000 },
  file: { share: 0.3, withinMs: 3_000 },
}

/** Evicts an object as a deploy does: whatever it is doing breaks off, and it begins anew with what it has stored. */
function evictAtRandom(ctx: DurableObjectState, { share, withinMs }: { share: number; withinMs: number }): void {
  if (Math.random() >= share) return
  setTimeout(() => {
    console.log(EVICTED_LINE)
    ctx.abort('evicted by the soak')
  }, Math.random() * withinMs)
}

export class Account extends PlainAccount {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    evictAtRandom(ctx, EVICTED.account)
  }
}

export class Command extends PlainCommand {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, LIMITS)
    evictAtRandom(ctx, EVICTED.command)
  }
}

export class StoredFile extends PlainStoredFile {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env, LIMITS)
    evictAtRandom(ctx, EVICTED.file)
  }
}
