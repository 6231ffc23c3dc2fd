import { describe, expect, test } from 'vitest'
import { ExecutorClient } from '../../../src/executor/client.ts'
import { ExecutorFailure } from '../../../src/executor/failure.ts'
import { explain, isLackOfRoom, type PlatformEvent, platformEventOf } from '../../../src/executor/platform-event.ts'

/** The platform's own words, as its runtime throws them and as its container library answers with them. */
const SAID: Record<PlatformEvent, { thrown: string[]; answered: [status: number, text: string][] }> = {
  no_instance: {
    thrown: ['there is no container instance that can be provided to this durable object'],
    answered: [
      [
        503,
        'There is no Container instance available at this time.\nThis is likely because you have reached your max concurrent instance count',
      ],
      [503, 'Container did not start after 12000ms'],
    ],
  },
  too_many_instances: {
    thrown: [
      'Maximum number of running container instances exceeded. Try again later, or try configuring a higher value for max_instances',
    ],
    answered: [[500, 'Failed to start container: Maximum number of running container instances exceeded.']],
  },
  too_many_starts: {
    thrown: ['you are requesting too many containers per second'],
    answered: [[429, 'You are requesting too many containers per second, please slow down']],
  },
  not_listening: {
    thrown: ['The container is not listening in the TCP address 10.0.0.1:8080'],
    answered: [[500, 'Failed to start container: Failed to verify port 8080 is available after 15000ms, last error: timeout']],
  },
  ended_at_start: {
    thrown: ['Container exited before we could determine the container health, exit code: 1'],
    answered: [
      [
        500,
        'Failed to start container: Container crashed while checking for ports, did you start the container and setup the entrypoint correctly?',
      ],
    ],
  },
  connection_lost: {
    thrown: [
      'Network connection lost.',
      'runtime signalled the container to exit: 15',
      'The container is not running, consider calling start()',
    ],
    answered: [[500, 'Container suddenly disconnected, try again']],
  },
  object_reset: {
    thrown: [
      'Application called abort() to reset Durable Object.',
      'Durable Object reset because its code was updated.',
      "Durable Object's isolate exceeded its memory limit and was reset.",
    ],
    answered: [],
  },
  overloaded: { thrown: ['Durable Object is overloaded. Too many requests queued.'], answered: [] },
}

const events = Object.entries(SAID).flatMap(([event, { thrown, answered }]) => [
  ...thrown.map((text) => [event, text, () => Promise.reject(new Error(text))] as const),
  ...answered.map(([status, text]) => [event, text, () => Promise.resolve(new Response(text, { status }))] as const),
])

async function failureOf(answer: () => Promise<Response>): Promise<ExecutorFailure> {
  const failure = await new ExecutorClient({ fetch: answer }, 'http://executor', null)
    .run('job', { commands: [], inputs: {}, outputs: {}, limits: { run_seconds: 1, disk_bytes: 1 } }, new AbortController().signal)
    .catch((error: unknown) => error)
  if (!(failure instanceof ExecutorFailure)) throw new Error('the request did not fail')
  return failure
}

describe('what the container platform says', () => {
  test.each(events)('%s: %s', async (event, text, answer) => {
    expect(platformEventOf(text)).toBe(event)
    const failure = await failureOf(answer)
    expect(failure.message, 'in words that a caller understands').toBe(explain(event as PlatformEvent))
    expect(failure.fault, 'waited out').toBe(isLackOfRoom(event as PlatformEvent) ? 'no_room' : 'unreachable')
  })

  test('any other error of the transport is an executor that cannot be reached', async () => {
    expect(platformEventOf('something else')).toBeNull()
    expect((await failureOf(() => Promise.reject(new Error('something else')))).fault).toBe('unreachable')
    expect((await failureOf(() => Promise.resolve(new Response('bad gateway', { status: 502 })))).fault).toBe('unreachable')
  })

  test('what the executor itself refuses stays a refusal, whatever its message says', async () => {
    const body = { error: { code: 'BAD_REQUEST', message: 'network connection lost' } }
    expect((await failureOf(() => Promise.resolve(Response.json(body, { status: 400 })))).fault).toBe('refused')
  })
})
