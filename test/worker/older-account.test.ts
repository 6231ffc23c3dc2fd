/** After a deployment a Worker, commands and files meet accounts of the version before for some minutes, and do without what those do not tell. */
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, test } from 'vitest'
import type { Account } from '../../src/account/account.ts'
import { isExpected } from '../../src/command/deletion.ts'
import { submitCommands } from '../../src/command/submit.ts'
import { tellAccount } from '../../src/stored-file/account-link.ts'
import { FileStore } from '../../src/stored-file/store.ts'
import { newSpec, TestAccount } from './client.ts'
import { FilesClient } from './files-client.ts'
import { SHORT_TONE } from './media.ts'

/** The bindings, with accounts that answer as those of the version before. */
function withOlderAccounts(): Env {
  const get = (id: DurableObjectId) => {
    const account = env.ACCOUNT.get(id)
    return {
      submit: async (...given: Parameters<Account['submit']>) => {
        const { kind, commandIds, createdAt } = { commandIds: [], createdAt: 0, ...(await account.submit(...given)) }
        return { kind, commandIds, createdAt, slots: {} }
      },
      putFile: async (...given: Parameters<Account['putFile']>) => {
        await account.putFile(...given)
      },
    }
  }
  return Object.create(env, { ACCOUNT: { value: { idFromName: (name: string) => env.ACCOUNT.idFromName(name), get } } })
}

test('a command that is not told how it stands asks for its slot, and runs', async () => {
  const account = await TestAccount.create()
  const spec = await newSpec(account.name, SHORT_TONE)
  await submitCommands(withOlderAccounts(), account.name, [spec], null)
  expect((await account.ended(spec.id)).status).toBe('SUCCESS')
})

test('a repetition of a submit makes good what the first time has not stored, where the account cannot say whether it was deleted', async () => {
  const account = await TestAccount.create()
  expect(await isExpected({ id: crypto.randomUUID(), account: account.name }, withOlderAccounts())).toBe(true)
})

test('a file whose account says nothing is kept', async () => {
  const account = await TestAccount.create()
  const { file_id } = await new FilesClient(account).upload('some text', 'a.txt')
  await runInDurableObject(env.STORED_FILE.get(env.STORED_FILE.idFromName(file_id)), async (_, { storage }) => {
    storage.kv.put('untold', true)
    expect(await tellAccount(new FileStore(storage), withOlderAccounts())).toBe(true)
  })
})
