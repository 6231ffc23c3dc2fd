/**
 * The Worker with a meter: the same handlers and objects, each of which counts what it asks of the platform. `GET /api/meter` reads it,
 * `DELETE /api/meter` sets it back. Its executors are containers as far as the objects can tell, and in truth the one at METERED_EXECUTOR_URL.
 */
import worker, { Account, Command, Executor, StoredFile } from '../../src/index.ts'
import { meteredEnv, meterLog, meterNetwork } from './bindings.ts'
import { ContainerBeside } from './container.ts'
import { meter } from './meter.ts'
import { meteredParts, meterMethods, remember } from './objects.ts'

interface MeteredEnv extends Env {
  METERED_EXECUTOR_URL: string
  METERED_EXECUTOR_TOKEN: string
}

class MeteredAccount extends Account {
  constructor(ctx: DurableObjectState, env: Env) {
    super(...meteredParts('Account', ctx, env))
    remember(this, ctx)
  }
}

class MeteredCommand extends Command {
  constructor(ctx: DurableObjectState, env: Env) {
    super(...meteredParts('Command', ctx, env))
    remember(this, ctx)
  }
}

class MeteredStoredFile extends StoredFile {
  constructor(ctx: DurableObjectState, env: Env) {
    super(...meteredParts('StoredFile', ctx, env))
    remember(this, ctx)
  }
}

class MeteredExecutor extends Executor {
  constructor(ctx: DurableObjectState, env: MeteredEnv) {
    const container = new ContainerBeside({ url: env.METERED_EXECUTOR_URL, token: env.METERED_EXECUTOR_TOKEN })
    Object.defineProperty(ctx, 'container', { value: container })
    super(...meteredParts('Executor', ctx, env))
    remember(this, ctx)
  }
}

meterNetwork()
meterLog()
meterMethods('Account', MeteredAccount)
meterMethods('Command', MeteredCommand)
meterMethods('StoredFile', MeteredStoredFile)
meterMethods('Executor', MeteredExecutor)

export { MeteredAccount as Account, MeteredCommand as Command, MeteredExecutor as Executor, MeteredStoredFile as StoredFile }

export default {
  fetch(request, env, context) {
    const { pathname } = new URL(request.url)
    if (pathname === '/api/meter') return readMeter(request)
    const invocation = { of: 'Worker', object: null, trigger: 'fetch', name: `${request.method} ${pathname}` } as const
    return meter.run(invocation, () => worker.fetch(request, meteredEnv(env), context))
  },
  queue(batch, env) {
    const invocation = { of: 'Worker', object: null, trigger: 'queue', name: batch.queue } as const
    return meter.run(invocation, () => worker.queue(batch, meteredEnv(env)))
  },
} satisfies ExportedHandler<Env>

function readMeter({ method }: Request): Response {
  if (method === 'DELETE') meter.reset()
  return Response.json(meter.read())
}
