/** What a command costs on Cloudflare, as the guide to capacity says. */
import { expect, test } from 'vitest'
import { countCommand } from '../capacity/counted-command.ts'
import kept from '../capacity/figures.json' with { type: 'json' }
import { figuresOf, grown, recordedSchema, requestsInOrder, rowsByCause } from '../capacity/figures.ts'

test('no command takes a tenth more of the platform than the guide to capacity says', async () => {
  const { command, expiry, deletion } = await countCommand(1)
  const recorded = recordedSchema.parse(kept)
  expect(grown(recorded.short, figuresOf(command)), [...requestsInOrder(command), ...rowsByCause(command)].join('\n')).toEqual([])
  expect(grown(recorded.expiry, figuresOf(expiry)), [...requestsInOrder(expiry), ...rowsByCause(expiry)].join('\n')).toEqual([])
  expect(grown(recorded.deletion, figuresOf(deletion)), [...requestsInOrder(deletion), ...rowsByCause(deletion)].join('\n')).toEqual([])
})
