/** An object's storage, which takes no value and no row that is larger than Cloudflare's. */
import { around } from '../metered/storage.ts'
import { ledger } from './ledger.ts'
import { PLATFORM } from './limits.ts'
import { rowBytes, serialisedBytes } from './stored-size.ts'

/** Holds `ctx.storage` to the limit from now on. */
export function holdStorage(of: string, ctx: DurableObjectState): void {
  const { storage } = ctx
  const { kv, sql } = storage
  around(kv, 'put', ([key, value], call) => {
    hold(`the key ${key} of a ${of}`, serialisedBytes(key) + serialisedBytes(value))
    return call()
  })
  around(sql, 'exec', ([query, ...values], call) => {
    hold(`"${String(query).slice(0, 40)}" of a ${of}`, rowBytes(values))
    return call()
  })
  // Each time they are asked for they would be made anew.
  Object.defineProperty(storage, 'kv', { value: kv })
  Object.defineProperty(storage, 'sql', { value: sql })
  Object.defineProperty(ctx, 'storage', { value: storage })
}

function hold(what: string, bytes: number): void {
  ledger.largestValue = Math.max(ledger.largestValue, bytes)
  if (bytes > PLATFORM.valueBytes) throw ledger.violate('size of a value', `${what} has ${bytes} bytes`)
}
