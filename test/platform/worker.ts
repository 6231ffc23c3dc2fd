/**
 * The Worker on a platform in miniature: the same handlers and objects, each held to what Cloudflare allows. Its executors are containers as far
 * as the objects can tell, and in truth the one at PLATFORM_EXECUTOR_URL.
 */
import type { Admission } from '../../src/account/admission.ts'
import type { CommandSpec } from '../../src/command/record.ts'
import worker, {
  Account as PlainAccount,
  Command as PlainCommand,
  Executor as PlainExecutor,
  StoredFile as PlainStoredFile,
} from '../../src/index.ts'
import type { FileSpec } from '../../src/stored-file/record.ts'
import { meter } from '../metered/meter.ts'
import { meterMethods, remember } from '../metered/objects.ts'
import { timed } from './alarm-clock.ts'
import { heldEnv, holdNetwork } from './bindings.ts'
import { FickleContainer } from './container.ts'
import { bear, cutShort, cutWithRecords, limitsOf } from './cuts.ts'
import { evictions } from './evictions.ts'
import { ledger } from './ledger.ts'
import { PLATFORM } from './limits.ts'
import { holdStorage } from './storage.ts'

interface PlatformEnv extends Env {
  PLATFORM_EXECUTOR_URL: string
}

class HeldAccount extends PlainAccount {
  constructor(ctx: DurableObjectState, env: Env) {
    holdStorage('Account', ctx)
    super(ctx, heldEnv(env))
    remember(this, ctx)
    evictions.loaded(ctx)
  }
}

class HeldCommand extends PlainCommand {
  constructor(ctx: DurableObjectState, env: Env) {
    holdStorage('Command', ctx)
    cutWithRecords(ctx)
    super(ctx, heldEnv(env), limitsOf(ctx))
    remember(this, ctx)
    evictions.loaded(ctx)
  }
}

class HeldStoredFile extends PlainStoredFile {
  constructor(ctx: DurableObjectState, env: Env) {
    holdStorage('StoredFile', ctx)
    cutWithRecords(ctx)
    super(ctx, heldEnv(env), limitsOf(ctx))
    remember(this, ctx)
    evictions.loaded(ctx)
  }
}

class HeldExecutor extends PlainExecutor {
  constructor(ctx: DurableObjectState, env: PlatformEnv) {
    Object.defineProperty(ctx, 'container', { value: new FickleContainer(env.PLATFORM_EXECUTOR_URL) })
    super(ctx, heldEnv(env))
    remember(this, ctx)
  }
}

holdNetwork()
meterMethods('Account', HeldAccount)
meterMethods('Command', HeldCommand)
meterMethods('StoredFile', HeldStoredFile)
meterMethods('Executor', HeldExecutor)

export class Account extends HeldAccount {}

/** Its alarms end as the platform's do. */
export class Command extends HeldCommand {
  override submit(spec: CommandSpec, admission: Admission): Promise<void> {
    bear(this.ctx, spec.account)
    return super.submit(spec, admission)
  }

  override alarm(): Promise<void> {
    return timed(
      PLATFORM.alarmMs,
      () => cutShort(this.ctx, () => super.alarm()),
      () => cutAlarm('Command', this.ctx),
    )
  }
}

/** Its alarms end as the platform's do. */
export class StoredFile extends HeldStoredFile {
  override begin(spec: FileSpec): Promise<void> {
    bear(this.ctx, spec.account)
    return super.begin(spec)
  }

  override alarm(): Promise<void> {
    return timed(
      PLATFORM.alarmMs,
      () => cutShort(this.ctx, () => super.alarm()),
      () => cutAlarm('StoredFile', this.ctx),
    )
  }
}

export class Executor extends HeldExecutor {}

function cutAlarm(of: string, ctx: DurableObjectState): void {
  ctx.abort(ledger.violate('time of an alarm', `one of a ${of} took ${PLATFORM.alarmMs} ms`).message)
}

export default {
  fetch(request, env, context) {
    const invocation = { of: 'Worker', object: null, trigger: 'fetch', name: `${request.method} ${new URL(request.url).pathname}` } as const
    return meter.run(invocation, () => worker.fetch(request, heldEnv(env), context))
  },
  queue(batch, env) {
    const invocation = { of: 'Worker', object: null, trigger: 'queue', name: batch.queue } as const
    return meter.run(invocation, () => worker.queue(batch, heldEnv(env)))
  },
} satisfies ExportedHandler<Env>
