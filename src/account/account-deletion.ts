/**
 * Deletes an account whole, piece by piece in its object's alarms: its commands, whether they have ended or not, its files, what its lists,
 * presets and webhook held, and in the end the object. What is to be deleted is on the lists until it is gone, so a crash costs nothing.
 */
import { log } from '../logging/log.ts'
import { UPLOAD_PATIENCE_MS } from '../stored-file/state.ts'
import type { CommandIndex } from './command-index.ts'
import { type DeletionRecord, deletionName, STALE_MS } from './deletion-record.ts'
import type { FileIndex } from './file-index.ts'

/** So many commands or files are deleted at a time, in one alarm: each is some requests. */
const AT_ONCE = 50
/** Keys that R2 lists, and deletes, at once. */
const KEYS_AT_ONCE = 1000
/** After how long a piece is followed by the next, and by another try where every request has failed, in milliseconds. */
const NEXT_PIECE_MS = 20
const RETRY_MS = 30_000
/** A submit lists its command before it stores it: one that is not stored may still be so long after it was listed, in milliseconds. */
const SUBMIT_PATIENCE_MS = 60_000
/** After how long it is looked for again. */
const LOOK_AGAIN_MS = 1_000
/**
 * Uploads that were begun with a key that has been revoked since may end so long afterwards, in milliseconds; the account knows of them
 * when they do, and refuses them.
 */
export const STRAGGLERS_MS = UPLOAD_PATIENCE_MS + 3600 * 1000

/** How long it is known of a name that it is free again. */
const FINISHED_KEPT_SECONDS = 7 * 24 * 3600

interface Deletion {
  account: string
  /** When each was, in ms since the epoch. */
  requestedAt: number
  erasedAt: number | null
  finishedAt: number | null
}

export interface AccountDeletionOptions {
  storage: DurableObjectStorage
  env: Pick<Env, 'COMMAND' | 'STORED_FILE' | 'FILES' | 'KEYS'>
}

/** What of the account's tables names what is to be deleted elsewhere. */
export interface Lists {
  commands: CommandIndex
  files: FileIndex
}

export class AccountDeletion {
  readonly #options: AccountDeletionOptions
  #deletion: Deletion | null

  constructor(options: AccountDeletionOptions) {
    this.#options = options
    this.#deletion = options.storage.kv.get<Deletion>('deletion') ?? null
  }

  /** Whether the account is being deleted: it takes nothing any more. */
  get isUnderWay(): boolean {
    return this.#deletion !== null
  }

  /** Records that the account is to be deleted; the alarm does the rest. Idempotent. */
  begin(account: string, requestedAt: number): void {
    if (this.#deletion === null) this.#save({ account, requestedAt, erasedAt: null, finishedAt: null })
  }

  /** Deletes a piece. Answers when the next is due, in ms since the epoch; null when the object itself is empty, its tables included. */
  async advance(lists: Lists): Promise<number | null> {
    const deletion = this.#deletion
    if (deletion === null) return null
    const now = Date.now()
    if (deletion.erasedAt === null) return this.#erasePiece(deletion, lists)
    const lastStragglerAt = deletion.requestedAt + STRAGGLERS_MS
    if (deletion.finishedAt === null) {
      if (now < lastStragglerAt) return lastStragglerAt
      return (await this.#eraseBytes(deletion)) ?? this.#finish(deletion)
    }
    const freeAt = deletion.finishedAt + STALE_MS
    if (now < freeAt) return freeAt
    await this.#options.storage.deleteAlarm()
    await this.#options.storage.deleteAll()
    this.#deletion = null
    return null
  }

  async #erasePiece(deletion: Deletion, lists: Lists): Promise<number> {
    const next = (await this.#eraseCommands(lists)) ?? (await this.#eraseFiles(deletion, lists)) ?? (await this.#eraseBytes(deletion))
    if (next !== null) return next
    this.#eraseTables()
    return this.#saveAndTell({ ...deletion, erasedAt: Date.now() })
  }

  /** Answers when to go on, as the others do; null when there are none any more. */
  async #eraseCommands({ commands }: Lists): Promise<number | null> {
    const { env } = this.#options
    const ids = commands.oldest(AT_ONCE, Number.MAX_SAFE_INTEGER)
    if (ids.length === 0) return null
    return this.#each(ids, async (id) => {
      // Each takes itself off the list, but for one that is not stored.
      if (await env.COMMAND.get(env.COMMAND.idFromName(id)).deleteWithAccount()) return true
      const willNeverBe = commands.wasListedBefore(id, Date.now() - SUBMIT_PATIENCE_MS)
      if (willNeverBe) commands.remove(id)
      return willNeverBe
    })
  }

  /** Outputs went with their commands, so that what is left of them belongs to nobody. */
  async #eraseFiles({ account }: Deletion, { files }: Lists): Promise<number | null> {
    const { env } = this.#options
    const ids = files.some(AT_ONCE)
    if (ids.length === 0) return null
    return this.#each(ids, async (id) => {
      await env.STORED_FILE.get(env.STORED_FILE.idFromName(id)).delete(account)
      files.remove(id)
      return true
    })
  }

  /** What lies in the bucket under the account's name, whoever has left it there. */
  async #eraseBytes({ account }: Deletion): Promise<number | null> {
    const { FILES } = this.#options.env
    const { objects, truncated } = await FILES.list({ prefix: `${account}/`, limit: KEYS_AT_ONCE })
    if (objects.length > 0) await FILES.delete(objects.map(({ key }) => key))
    return truncated ? Date.now() + NEXT_PIECE_MS : null
  }

  /** Empties the account's own tables, which stay until the object goes: whoever asks meanwhile finds nothing. */
  #eraseTables(): void {
    const { sql } = this.#options.storage
    const tables = sql.exec<{ name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'",
    )
    for (const { name } of tables.toArray()) sql.exec(`DELETE FROM "${name}"`)
  }

  async #finish(deletion: Deletion): Promise<number> {
    return this.#saveAndTell({ ...deletion, finishedAt: Date.now() })
  }

  /** @param erase answers whether one is gone */
  async #each(ids: readonly string[], erase: (id: string) => Promise<boolean>): Promise<number> {
    const outcomes = await Promise.allSettled(ids.map(erase))
    const failures = outcomes.filter((outcome) => outcome.status === 'rejected')
    for (const { reason } of failures) log('warn', 'account.piece_not_deleted', { account: this.#deletion?.account, error: reason })
    if (failures.length === ids.length) return Date.now() + RETRY_MS
    const someAreGone = outcomes.some((outcome) => outcome.status === 'fulfilled' && outcome.value)
    return Date.now() + (someAreGone ? NEXT_PIECE_MS : LOOK_AGAIN_MS)
  }

  /** The record of the operator is written first: it may be written twice, and must not be forgotten. */
  async #saveAndTell(deletion: Deletion): Promise<number> {
    const record: DeletionRecord = {
      requested_at: new Date(deletion.requestedAt).toISOString(),
      erased_at: timeOf(deletion.erasedAt),
      finished_at: timeOf(deletion.finishedAt),
    }
    log('info', 'account.deletion', { account: deletion.account, ...record })
    // Once it is finished nobody needs it for long.
    const options = deletion.finishedAt === null ? {} : { expirationTtl: FINISHED_KEPT_SECONDS }
    await this.#options.env.KEYS.put(deletionName(deletion.account), JSON.stringify(record), options)
    this.#save(deletion)
    return Date.now()
  }

  #save(deletion: Deletion): void {
    this.#options.storage.kv.put('deletion', deletion)
    this.#deletion = deletion
  }
}

function timeOf(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString()
}
