/** The guide to capacity says what was counted. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { PROJECT_ROOT } from '../../../src/cli/settings.ts'
import { readWranglerConfig } from '../../../src/cli/wrangler-config.ts'
import kept from '../../capacity/figures.json' with { type: 'json' }
import { comparable, recordedSchema } from '../../capacity/figures.ts'
import { INSTANCE, withFigures } from '../../capacity/prices.ts'

const recorded = recordedSchema.parse(kept)
const guide = await readFile(path.join(PROJECT_ROOT, 'src/docs/guides/capacity.md'), 'utf8')

test('the guide says what is kept of the last count', () => {
  expect(guide).toBe(withFigures(guide, recorded))
})

test('the container that is paid for is the one that is deployed', () => {
  const [container] = readWranglerConfig('production').containers
  expect(container?.instance_type).toEqual({ vcpu: INSTANCE.vcpu, memory_mib: INSTANCE.memoryGib * 1024, disk_mb: INSTANCE.diskGb * 1000 })
})

test('a command that lasts longer takes no more requests, rows or events, so that a short one may stand for it in the tests', () => {
  expect(comparable(recorded.command)).toEqual(comparable(recorded.short))
})
