/** The guide to capacity says what was counted. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { PROJECT_ROOT } from '../../../src/cli/settings.ts'
import { readWranglerConfig } from '../../../src/cli/wrangler-config.ts'
import kept from '../../capacity/figures.json' with { type: 'json' }
import { comparable, recordedSchema, totalOf } from '../../capacity/figures.ts'
import { INSTANCE, tableOf } from '../../capacity/prices.ts'

const recorded = recordedSchema.parse(kept)
const guide = await readFile(path.join(PROJECT_ROOT, 'src/docs/guides/capacity.md'), 'utf8')

test('the table of costs is that of the figures that are kept', () => {
  expect(guide).toContain(tableOf(recorded))
})

test('the container that is paid for is the one that is deployed', () => {
  const [container] = readWranglerConfig('production').containers
  expect(container?.instance_type).toEqual({ vcpu: INSTANCE.vcpu, memory_mib: INSTANCE.memoryGib * 1024, disk_mb: INSTANCE.diskGb * 1000 })
})

test('a command that lasts longer takes no more requests, rows or events, so that a short one may stand for it in the tests', () => {
  expect(comparable(recorded.command)).toEqual(comparable(recorded.short))
})

test('the guide says what a command asks of objects, and what of its account', () => {
  const requests = totalOf(recorded.command.requests)
  const rows = totalOf(recorded.command.rowsWritten)
  expect(guide).toContain(
    `${requests} requests to objects and writes ${rows} rows, with at most ${recorded.command.subrequests} subrequests in one invocation`,
  )
  expect(guide).toContain(`a command asks its account ${recorded.command.requests.Account} times`)
})
