/** After every test of this layer: nothing that it did has broken a limit of the platform. */
import { afterEach, expect } from 'vitest'
import { ledger } from './ledger.ts'
// The network is held to its limits once this is loaded, which it is at the first request otherwise.
import './worker.ts'

afterEach(() => {
  expect(ledger.takeViolations(), 'limits of the platform that were broken').toEqual([])
})
