/** A command as its routes answer it. */
import type { Context } from 'hono'
import type { CommandSnapshot } from '../command/record.ts'
import { type CommandListing, NOTHING_PRINTED } from '../command/record.ts'
import { commandView, type Links } from '../command/view.ts'
import { storageUrl } from '../files/storage-url.ts'
import { settingsOf } from '../settings.ts'
import { noSuchCommand } from './command-stub.ts'
import type { ApiEnv } from './env.ts'
import type { CommandView } from './schemas.ts'

/** The poll response. Throws the 404 for null. */
export async function commandReply(c: Context<ApiEnv>, command: CommandSnapshot | null): Promise<CommandView> {
  if (!command) throw noSuchCommand()
  const { state } = command
  const live = {
    stage: state.status === 'PROCESSING' ? state.stage : null,
    progress: command.progress,
    queuePosition: state.status === 'QUEUED' ? await queuePosition(c, command.spec.id) : null,
  }
  return commandView(command, live, command.printed, links(c))
}

/** The poll response without what only exists while a command is under way, and without what its programs printed. */
export function listedReply(c: Context<ApiEnv>, command: CommandListing): Promise<CommandView> {
  return commandView(command, null, NOTHING_PRINTED, links(c))
}

/** Commands ahead of a waiting one; null when it does not wait. */
export async function queuePosition(c: Context<ApiEnv>, commandId: string): Promise<number | null> {
  return c.env.ACCOUNT.get(c.env.ACCOUNT.idFromName(c.var.account)).queuePosition(commandId)
}

function links(c: Context<ApiEnv>): Links {
  const { account } = c.var
  const { origin } = new URL(c.req.url)
  return { origin, file: (file) => storageUrl({ account, ...file }, origin, settingsOf(c.env)) }
}
