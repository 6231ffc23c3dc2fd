/** Accounts of a stack besides its own, for tests that go on side by side in one stack. */
import { type ApiKeyRecord, hashApiKey, newApiKey } from '../../src/api/api-key.ts'
import { namespaceId } from '../../src/cli/key-store.ts'
import { withLocalKv } from '../../src/cli/miniflare.ts'

/**
 * Makes accounts of these names in a state folder, and returns an API key of each by its name. To be called before the stack starts: whoever
 * opens the store beside another may find it locked.
 */
export async function makeAccounts(stateDir: string, names: readonly string[]): Promise<Record<string, string>> {
  const apiKeys = Object.fromEntries(names.map((name) => [name, newApiKey()]))
  await withLocalKv({ id: namespaceId(), stateDir }, async (kv) => {
    for (const [account, key] of Object.entries(apiKeys)) {
      const record: ApiKeyRecord = { account, label: '', created_at: new Date().toISOString() }
      await kv.put(await hashApiKey(key), JSON.stringify(record))
    }
  })
  return apiKeys
}
