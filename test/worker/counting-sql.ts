/** What an account's object reads, counted by the database itself, so that no test of it depends on the speed of a machine. */
import { runInDurableObject } from 'cloudflare:test'
import type { TestAccount } from './client.ts'

/** Rows of tables and indexes that are read and written. */
export interface CountedRows {
  read: number
  written: number
}

/** Counts from the return of `prepare` on, which gets the object's database, until the action that it returns has ended. */
export function countRows({ stub }: TestAccount, prepare: (sql: SqlStorage) => () => unknown): Promise<CountedRows> {
  return runInDurableObject(stub, (_, { storage }) => {
    const cursors: { rowsRead: number; rowsWritten: number }[] = []
    const action = prepare(observed(storage.sql, (cursor) => cursors.push(cursor)))
    cursors.length = 0
    action()
    return {
      read: cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
      written: cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0),
    }
  })
}

/** How the database goes about each query that `action` makes and that `wanted` finds. */
export function queryPlans({ stub }: TestAccount, wanted: RegExp, action: (sql: SqlStorage) => unknown): Promise<string[]> {
  return runInDurableObject(stub, (_, { storage }) => {
    const details: string[] = []
    action(
      observed(storage.sql, (_cursor, query, values) => {
        if (!wanted.test(query)) return
        const plan = storage.sql.exec<{ detail: string }>(`EXPLAIN QUERY PLAN ${query}`, ...values).toArray()
        details.push(...plan.map(({ detail }) => detail))
      }),
    )
    return details
  })
}

type Observer = (cursor: { rowsRead: number; rowsWritten: number }, query: string, values: unknown[]) => void

function observed(sql: SqlStorage, observe: Observer): SqlStorage {
  return Object.create(sql, {
    exec: {
      value: (query: string, ...values: unknown[]) => {
        const cursor = sql.exec(query, ...values)
        observe(cursor, query, values)
        return cursor
      },
    },
  })
}
