/** Containers that are refused, slow to start, restarted and moved in the middle. What the platform says then is waited out, or begun again. */
import { beforeEach, expect, test } from 'vitest'
import { onlyOutput, TestAccount, until } from '../worker/client.ts'
import { copyOf, mediaUrl } from '../worker/media.ts'
import { type Fate, fates } from './container.ts'
import { ledger } from './ledger.ts'

beforeEach(() => {
  fates.length = 0
})

/** Runs a command while this happens, and expects that it ends well and leaves nothing behind. */
async function expectSuccess(...happening: Fate[]): Promise<void> {
  const account = await TestAccount.create()
  fates.push(...happening)
  const command = await account.succeed(copyOf(mediaUrl('/tone.wav')))
  expect(onlyOutput(command).size_mbytes).toBeGreaterThan(0)
  expect(fates, 'all of it has happened').toEqual([])
  await until('no job is left', async () => ledger.jobs.size === 0)
}

test.each([
  ['no machine is free', 'there is no container instance that can be provided to this Durable Object, try again later'],
  [
    'max_instances is reached',
    'Maximum number of running container instances exceeded. Try again later, or try configuring a higher value for max_instances',
  ],
  ['too many start at once', 'Too many containers per second are being started'],
  ['the program does not listen yet', 'The container is not listening in the TCP address 10.0.0.1:8080'],
  ['the container ends as it starts', 'Container exited before we could determine the container health'],
])('a command waits where %s', (_, says) => expectSuccess({ kind: 'refused', says, times: 4 }))

const REQUESTS: [what: string, on: RegExp][] = [
  ['while an input goes in', /^PUT .*\/inputs\//],
  ['as the job is handed over', /^POST .*\/run$/],
  ['while an output comes out', /^GET .*\/outputs\//],
]

test.each(REQUESTS)('a command whose container is restarted %s is begun again', (_, on) =>
  expectSuccess({ kind: 'lost', says: 'Container suddenly disconnected, try again', on }),
)

test.each(REQUESTS)('a command whose container moves to another host %s is begun again, when there is one', (_, on) =>
  expectSuccess(
    { kind: 'lost', says: 'Network connection lost.', on },
    { kind: 'refused', says: 'there is no container instance that can be provided to this Durable Object', times: 2 },
  ),
)

test.each(REQUESTS)('a command whose container is replaced by a rollout %s is begun again', (_, on) =>
  expectSuccess({ kind: 'lost', says: 'Runtime signalled the container to exit due to a new version rollout: 0', on }),
)
