/**
 * What the container platform says in place of an executor's answer. All of it is ordinary and passes by itself: it is waited out,
 * and never a fault of the command. The platform has no codes for these, so this is the one place that reads its wording.
 */

export type PlatformEvent =
  /** No machine can be had at the moment, or the image is still on its way to one. */
  | 'no_instance'
  /** As many run as `max_instances`, or the account's limits, allow. */
  | 'too_many_instances'
  /** Too many were asked for within a second. */
  | 'too_many_starts'
  /** The container runs and its program does not listen yet. */
  | 'not_listening'
  /** The container ended while it started. */
  | 'ended_at_start'
  /** It was there and went away: it ended, its host did, or a rollout replaced it. */
  | 'connection_lost'
  /** The object in front of the container was restarted, as every deployment does. */
  | 'object_reset'
  /** The object in front of the container has more to do than it can. */
  | 'overloaded'

/** In lower case; the first that the platform's text contains decides. */
const WORDING: readonly [phrase: string, event: PlatformEvent][] = [
  ['maximum number of running container instances exceeded', 'too_many_instances'],
  ['there is no container instance that can be provided', 'no_instance'],
  ['there is no container instance available', 'no_instance'],
  ['container did not start after', 'no_instance'],
  ['too many containers per second', 'too_many_starts'],
  ['exited before we could determine the container health', 'ended_at_start'],
  ['container crashed while checking for ports', 'ended_at_start'],
  ['the container is not listening', 'not_listening'],
  ['failed to verify port', 'not_listening'],
  ['container request aborted', 'not_listening'],
  ['aborted waiting for container to start', 'not_listening'],
  ['connection refused', 'not_listening'],
  ['container suddenly disconnected', 'connection_lost'],
  ['network connection lost', 'connection_lost'],
  ['runtime signalled the container to exit', 'connection_lost'],
  ['container exited with unexpected exit code', 'connection_lost'],
  ['the container is not running', 'connection_lost'],
  ['abort() to reset durable object', 'object_reset'],
  ['durable object reset because its code was updated', 'object_reset'],
  ['durable object’s isolate exceeded its memory limit', 'object_reset'],
  ["durable object's isolate exceeded its memory limit", 'object_reset'],
  ['durable object storage operation exceeded timeout', 'object_reset'],
  ['internal error in durable object storage', 'object_reset'],
  ['durable object is overloaded', 'overloaded'],
]

const EXPLANATION: Record<PlatformEvent, string> = {
  no_instance: 'no container is free at the moment',
  too_many_instances: 'as many containers run as are allowed',
  too_many_starts: 'too many containers were started at once',
  not_listening: 'the container is still starting',
  ended_at_start: 'the container ended while it started',
  connection_lost: 'the connection to the container was lost',
  object_reset: 'the container’s object was restarted',
  overloaded: 'the container’s object is overloaded',
}

/** The event that the text of an error, or of an answer that is not the executor's, tells of; null for none that is known. */
export function platformEventOf(text: string): PlatformEvent | null {
  const lower = text.toLowerCase()
  return WORDING.find(([phrase]) => lower.includes(phrase))?.[1] ?? null
}

/** Whether all that is missing is room: waiting for it may take as long as other commands run. */
export function isLackOfRoom(event: PlatformEvent): boolean {
  return event === 'no_instance' || event === 'too_many_instances' || event === 'too_many_starts'
}

/** The event in words, for the message of a command that has waited for too long. */
export function explain(event: PlatformEvent): string {
  return EXPLANATION[event]
}
