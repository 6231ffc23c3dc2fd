import { expect, test } from 'vitest'
import { keepLog } from '../../src/command/job-log.ts'
import { ExecutorClient } from '../../src/executor/client.ts'

test('a log that is cut off on its way is told as a fault of the executor, and is not worth failing for', async () => {
  const cut = () =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('frame=1'))
      },
      pull(controller) {
        controller.error(new Error('Network connection lost.'))
      },
    })
  const executor = new ExecutorClient({ fetch: async () => new Response(cut()) }, 'http://executor', null)
  await expect(executor.log('job', 1000)).rejects.toMatchObject({ name: 'ExecutorFailure', fault: 'unreachable' })
  const kept = { log: 'what was kept before' }
  await keepLog('job', { executor, kept })
  expect(kept.log).toBe('what was kept before')
})
