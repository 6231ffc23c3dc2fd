/** The Worker's bindings and its way to the network, held to what the platform allows one invocation. */
import { intercepted } from '../metered/bindings.ts'
import { type Invocation, meter } from '../metered/meter.ts'
import { heldBucket } from './bucket.ts'
import { Connections } from './connections.ts'
import { LateKv } from './late-kv.ts'
import { ledger } from './ledger.ts'
import { PLATFORM } from './limits.ts'
import { sendCounted } from './request-body.ts'

const known = new WeakMap<Env, Env>()
const connections = new WeakMap<Invocation, Connections>()

/** The network, unlimited. */
export const unlimitedFetch = globalThis.fetch

/** What every location sees of KV, a minute late where it has looked before. */
export const lateKv = new LateKv()

/** The bindings of `env`, held to their limits; the same for the same `env`, by which settings are remembered. */
export function heldEnv(env: Env): Env {
  const held = known.get(env) ?? {
    ...env,
    ACCOUNT: namespace(env.ACCOUNT, 'Account'),
    COMMAND: namespace(env.COMMAND, 'Command'),
    STORED_FILE: namespace(env.STORED_FILE, 'StoredFile'),
    EXECUTOR: namespace(env.EXECUTOR, 'Executor'),
    FILES: heldBucket(env.FILES, subrequest),
    KEYS: service(lateKv.over(env.KEYS), 'KV'),
    WEBHOOKS: service(env.WEBHOOKS, 'Queue'),
    WEBHOOKS_DEAD: service(env.WEBHOOKS_DEAD, 'Queue'),
  }
  known.set(env, held)
  return held
}

/** Holds `fetch` to the limits from now on. */
export function holdNetwork(): void {
  globalThis.fetch = (input: RequestInfo | URL, init?: RequestInit) => {
    if (meter.current === undefined) return unlimitedFetch(input, init)
    const request = new Request(input, init)
    return subrequest('network', () => sendCounted(request, unlimitedFetch))
  }
}

/** Makes a request of the invocation that runs, when its connections allow it. Throws past the number that one may make. */
export async function subrequest<T>(what: string, request: () => T): Promise<Awaited<T>> {
  const invocation = meter.current
  if (invocation === undefined) return await request()
  meter.subrequest(what)
  const { of, name, subrequests } = invocation
  ledger.mostSubrequests = Math.max(ledger.mostSubrequests, subrequests.length)
  if (subrequests.length > PLATFORM.subrequests)
    throw ledger.violate('subrequests', `${of}.${name} made ${subrequests.length}, the last to ${what}`)
  const mine = connectionsOf(invocation)
  const answer = mine.take(request)
  ledger.mostWaiting = Math.max(ledger.mostWaiting, mine.waiting)
  return await answer
}

function connectionsOf(invocation: Invocation): Connections {
  const mine = connections.get(invocation) ?? new Connections(PLATFORM.connections)
  connections.set(invocation, mine)
  return mine
}

/** Every call of a method is one request, named after the service and the method. */
function service<T extends object>(target: T, name: string): T {
  return intercepted(target, (method, call) => subrequest(`${name}.${method}`, call))
}

function namespace<T extends Rpc.DurableObjectBranded>(objects: DurableObjectNamespace<T>, of: string): DurableObjectNamespace<T> {
  return intercepted(objects, (name, call) => (name === 'get' || name === 'getByName' ? service(call(), of) : call()))
}
