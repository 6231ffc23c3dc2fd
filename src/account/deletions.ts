/** Has every account deleted that an operator has asked for. It is called again and again, and each account sees its own deletion through. */
import { log } from '../logging/log.ts'
import { deletedAccount, deletionName, deletionRecordSchema } from './deletion-record.ts'

export async function deleteAccounts(env: Env): Promise<void> {
  for (let cursor: string | null = null; ; ) {
    const page: KVNamespaceListResult<unknown> = await env.KEYS.list({ prefix: deletionName(''), cursor })
    for (const { name } of page.keys) {
      try {
        await begin(name, env)
      } catch (error) {
        log('error', 'account.deletion_not_begun', { name, error })
      }
    }
    if (page.list_complete) return
    cursor = page.cursor
  }
}

async function begin(name: string, env: Env): Promise<void> {
  const account = deletedAccount(name)
  const stored = await env.KEYS.get(name, 'json')
  if (account === null || stored === null) return
  const { requested_at, finished_at } = deletionRecordSchema.parse(stored)
  if (finished_at === null) await env.ACCOUNT.get(env.ACCOUNT.idFromName(account)).delete(account, Date.parse(requested_at))
}
