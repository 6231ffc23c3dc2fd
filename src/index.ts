/** What the Worker exports: its HTTP handler and its Durable Objects. */
import { Account } from './account/account.ts'
import { deleteAccounts } from './account/deletions.ts'
import { refuseLongUrl } from './api/long-url.ts'
import { createApp } from './app.ts'
import { Command } from './command/command.ts'
import { Executor } from './executor/executor.ts'
import { StoredFile } from './stored-file/stored-file.ts'
import { consumeWebhooks } from './webhooks/consumer.ts'

export { Account, Command, Executor, StoredFile }

const app = createApp()

export default {
  fetch: (request, env, context) => refuseLongUrl(request) ?? app.fetch(request, env, context),
  queue: consumeWebhooks,
  scheduled: (_, env) => deleteAccounts(env),
} satisfies ExportedHandler<Env>
