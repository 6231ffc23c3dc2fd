/** An object's storage, with each row that it writes told to the meter. */
import { meter } from './meter.ts'

/**
 * Counts what `ctx.storage` writes from now on, as Cloudflare does (pricing of Durable Objects, read on 2026-11-30): a key that is put or
 * deleted is a row, and so is an alarm that is set; a statement writes entries of its tables and of their indexes. Whether the deletion of an
 * alarm counts is not said; here it does.
 */
export function meterStorage(of: string, ctx: DurableObjectState): void {
  const { storage } = ctx
  const { kv, sql } = storage
  const object = ctx.id.toString()
  const write = (what: string, rows: number) => {
    if (rows > 0) meter.write({ of, object, what, rows })
  }
  around(kv, 'put', ([key], call) => {
    write(`put ${key}`, 1)
    return call()
  })
  around(kv, 'delete', ([key], call) => {
    const existed = call()
    write(`delete ${key}`, existed === true ? 1 : 0)
    return existed
  })
  around(sql, 'exec', ([query], call) => {
    const cursor = call()
    const count = () => write(String(query).replaceAll(/\s+/g, ' ').slice(0, 60), rowsWrittenBy(cursor))
    if (!isReturning(query, cursor)) count()
    else {
      // Such a statement writes while its rows are read.
      around(cursor, 'toArray', (_, read) => {
        const rows = read()
        count()
        return rows
      })
    }
    return cursor
  })
  around(storage, 'put', ([key], call) => {
    write('put', typeof key === 'string' ? 1 : Object.keys(Object(key)).length)
    return call()
  })
  around(storage, 'delete', ([keys], call) => {
    write('delete', [keys].flat().length)
    return call()
  })
  around(storage, 'setAlarm', (_, call) => {
    write('set the alarm', 1)
    return call()
  })
  around(storage, 'deleteAlarm', (_, call) => {
    write('delete the alarm', 1)
    return call()
  })
  // Each time they are asked for they would be made anew.
  Object.defineProperty(storage, 'kv', { value: kv })
  Object.defineProperty(storage, 'sql', { value: sql })
  Object.defineProperty(ctx, 'storage', { value: storage })
}

/** Has a method of a native object go through `wrapped`. */
export function around<T extends object>(
  target: T,
  name: keyof T & string,
  wrapped: (args: unknown[], call: () => unknown) => unknown,
): void {
  const original: unknown = Reflect.get(target, name, target)
  if (typeof original !== 'function') throw new Error(`there is no method ${name}`)
  const value = (...args: unknown[]) => wrapped(args, () => Reflect.apply(original, target, args))
  // Another may wrap it again.
  Object.defineProperty(target, name, { value, configurable: true })
}

/** Whether the statement answers rows that it writes. */
function isReturning(query: unknown, cursor: unknown): cursor is SqlStorageCursor<Record<string, SqlStorageValue>> {
  return /\bRETURNING\b/i.test(String(query)) && typeof cursor === 'object'
}

function rowsWrittenBy(cursor: unknown): number {
  return typeof cursor === 'object' && cursor !== null && 'rowsWritten' in cursor ? Number(cursor.rowsWritten) : 0
}
