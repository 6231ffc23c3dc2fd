import { expect, test } from 'vitest'
import { figuresOf, grown, type Reading } from '../../capacity/figures.ts'

type Invocation = Reading['invocations'][number]

const RUN: Invocation = { of: 'Command', object: 'a', trigger: 'rpc', name: 'read', startedAt: 0, endedAt: 1000, subrequests: [] }

function reading(invocations: Partial<Invocation>[], writes: Reading['writes'] = []): Reading {
  return { invocations: invocations.map((invocation) => ({ ...RUN, ...invocation })), writes, logLines: 0 }
}

test('an object that does several things at a time is active once, and two objects twice', () => {
  const { seconds } = figuresOf(
    reading([
      { startedAt: 0, endedAt: 10_000 },
      { startedAt: 2000, endedAt: 3000 },
      { startedAt: 9000, endedAt: 12_000 },
      { startedAt: 20_000, endedAt: 21_000 },
      { object: 'b', startedAt: 0, endedAt: 1000 },
    ]),
  )
  expect(seconds).toEqual({ Account: 0, Command: 14, Executor: 0 })
})

test('an alarm is a request to its object, and rows are those of all objects of a class', () => {
  const writes = [
    { of: 'Account', object: 'c', what: 'INSERT', rows: 3 },
    { of: 'Account', object: 'd', what: 'INSERT', rows: 2 },
  ]
  const figures = figuresOf(reading([{}, { trigger: 'alarm', subrequests: ['R2.put', 'R2.get', 'R2.delete', 'KV.get'] }], writes))
  expect(figures).toMatchObject({
    requests: { Account: 0, Command: 2, Executor: 0 },
    alarms: { Account: 0, Command: 1, Executor: 0 },
    rowsWritten: { Account: 5, Command: 0, Executor: 0 },
    subrequests: 4,
    kvReads: 1,
    r2ClassA: 1,
    r2ClassB: 1,
  })
})

test('growth by a tenth is let pass, and more is named', () => {
  const before = figuresOf(reading(Array.from({ length: 10 }, () => ({}))))
  expect(grown(before, figuresOf(reading(Array.from({ length: 11 }, () => ({})))))).toEqual([])
  expect(grown(before, figuresOf(reading(Array.from({ length: 12 }, () => ({})))))).toEqual([
    'requests to objects: 10 → 12',
    'events in the log: 10 → 12',
  ])
})
