/** Objects whose invocations and writes are counted. */
import { meteredEnv } from './bindings.ts'
import { meter, type Trigger } from './meter.ts'
import { around, meterStorage } from './storage.ts'

const ids = new WeakMap<object, string>()

/** What a counted object's constructor gives to the object that it extends. */
export function meteredParts(of: string, ctx: DurableObjectState, env: Env): [DurableObjectState, Env] {
  meterStorage(of, ctx)
  around(ctx, 'waitUntil', ([work], call) => {
    if (work instanceof Promise) meter.lastUntil(work)
    return call()
  })
  return [ctx, meteredEnv(env)]
}

/** Tells which object an instance is. */
export function remember(instance: object, ctx: DurableObjectState): void {
  ids.set(instance, ctx.id.toString())
}

/** Counts what is called of the instances of `Metered` from outside: the methods of the class that it extends. */
export function meterMethods(of: string, Metered: { prototype: object }): void {
  const base: object = Object.getPrototypeOf(Metered.prototype)
  for (const [name, { value: method }] of Object.entries(Object.getOwnPropertyDescriptors(base))) {
    if (name === 'constructor' || typeof method !== 'function') continue
    Object.defineProperty(Metered.prototype, name, {
      value(this: object, ...args: unknown[]) {
        const object = ids.get(this) ?? null
        const asked = args[0] instanceof Request ? ` ${args[0].method} ${new URL(args[0].url).pathname}` : ''
        return meter.run({ of, object, trigger: triggerOf(name), name: name + asked }, () => Reflect.apply(method, this, args))
      },
    })
  }
}

function triggerOf(method: string): Trigger {
  return method === 'fetch' || method === 'alarm' ? method : 'rpc'
}
