/** Which executor serves a slot. */
import { settingsOf } from '../settings.ts'
import { ExecutorClient } from './client.ts'

/** The executor of an account's slot: the one at `EXECUTOR_URL`, else a container that no other account ever shares. */
export function executorFor(env: Env, account: string, slot: number): ExecutorClient {
  const { executor } = settingsOf(env)
  if (executor) return new ExecutorClient({ fetch: (request) => fetch(request) }, executor.url, executor.token)
  const container = env.EXECUTOR.get(env.EXECUTOR.idFromName(`${account}:${slot}`))
  return new ExecutorClient(container, 'http://executor', null)
}
