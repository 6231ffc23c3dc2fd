/** The Worker's bindings, and its way to the network, with each request through them told to the meter. */
import { meter } from './meter.ts'

const known = new WeakMap<Env, Env>()

/** The bindings of `env`, counted; the same for the same `env`, by which settings are remembered. */
export function meteredEnv(env: Env): Env {
  const metered = known.get(env) ?? {
    ...env,
    ACCOUNT: namespace(env.ACCOUNT, 'Account'),
    COMMAND: namespace(env.COMMAND, 'Command'),
    STORED_FILE: namespace(env.STORED_FILE, 'StoredFile'),
    EXECUTOR: namespace(env.EXECUTOR, 'Executor'),
    FILES: bucket(env.FILES),
    KEYS: counted(env.KEYS, 'KV'),
    WEBHOOKS: counted(env.WEBHOOKS, 'Queue'),
    WEBHOOKS_DEAD: counted(env.WEBHOOKS_DEAD, 'Queue'),
  }
  known.set(env, metered)
  return metered
}

/** The network, uncounted. */
export const uncountedFetch = globalThis.fetch

/** Has `fetch` count from now on. */
export function meterNetwork(): void {
  globalThis.fetch = (input: RequestInfo | URL, init?: RequestInit) => {
    meter.subrequest('network')
    return uncountedFetch(input, init)
  }
}

/** Has the log count its lines from now on. */
export function meterLog(): void {
  const { log } = console
  console.log = (...line: unknown[]) => {
    meter.logLine()
    log(...line)
  }
}

/** Every call of a method is one request, named after the service and the method. */
function counted<T extends object>(target: T, service: string): T {
  return intercepted(target, (name, call) => {
    meter.subrequest(`${service}.${name}`)
    return call()
  })
}

/** What a method has answered, counted as well. */
function countedAnswer(answer: unknown, service: string): unknown {
  if (answer instanceof Promise) return answer.then((settled: unknown) => countedAnswer(settled, service))
  return typeof answer === 'object' && answer !== null ? counted(answer, service) : answer
}

function namespace<T extends Rpc.DurableObjectBranded>(objects: DurableObjectNamespace<T>, of: string): DurableObjectNamespace<T> {
  return intercepted(objects, (name, call) => (name === 'get' || name === 'getByName' ? countedAnswer(call(), of) : call()))
}

function bucket(files: R2Bucket): R2Bucket {
  return intercepted(files, (name, call) => {
    // To resume an upload nobody is asked.
    if (name !== 'resumeMultipartUpload') meter.subrequest(`R2.${name}`)
    return name.endsWith('MultipartUpload') ? countedAnswer(call(), 'R2') : call()
  })
}

/** The same object, whose methods go through `around`. What is native insists on being called on itself. */
export function intercepted<T extends object>(
  target: T,
  around: (name: string, call: () => ReturnType<typeof Reflect.apply>, args: readonly unknown[]) => unknown,
): T {
  return new Proxy(target, {
    get(_, property) {
      const value: unknown = Reflect.get(target, property, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => around(String(property), () => Reflect.apply(value, target, args), args)
    },
  })
}
