/** Which executor serves a slot. */
import { settingsOf } from '../settings.ts'
import { ExecutorClient } from './client.ts'

/** The executor of an account's slot: the one at `EXECUTOR_URL`, else a container that is never shared, neither with another account nor with another service. */
export function executorFor(env: Env, account: string, slot: number): ExecutorClient {
  const { executor, containerScope } = settingsOf(env)
  if (executor) return new ExecutorClient({ fetch: (request) => fetch(request) }, executor.url, executor.token)
  const name = `${account}:${slot}`
  const container = env.EXECUTOR.get(env.EXECUTOR.idFromName(containerScope === null ? name : `${containerScope}/${name}`))
  return new ExecutorClient(container, 'http://executor', null)
}
