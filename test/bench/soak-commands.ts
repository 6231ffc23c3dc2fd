/** A command of the soak, from its submit to the look at its outputs. */
import { randomUUID } from 'node:crypto'
import type { Command } from '../client/client.ts'
import type { SubmitOptions } from '../support/api-client.ts'
import { ignoreGone, type PatientClient } from './patient-client.ts'
import type { Kind, Session } from './soak-load.ts'

/** However often its executor or the whole service is killed, a command ends before that. */
export const END_TIMEOUT_MS = 10 * 60_000
/** The most that is read byte by byte: the local bucket is slow to give out what came in parts. */
export const READ_WHOLE_BYTES = 16e6

export interface CommandKind {
  body: (session: Session) => SubmitOptions
  /** Commands in the place of the body's own. */
  chain?: string[]
  /** What its caller does while it runs. */
  meanwhile?: (session: Session, commandId: string) => Promise<unknown>
  /** Whether its caller deletes it in the end, and not its files alone. */
  isDeleted?: boolean
}

/** @param seen what the first command of each kind has made, which all others of it must make too */
export async function runCommand(
  kind: Pick<Kind, 'name' | 'expected'> & CommandKind,
  seen: Map<string, string>,
  session: Session,
): Promise<string> {
  const { client, webhooks } = session
  const body = kind.body(session)
  const id = await submit(body, kind.chain ?? null, client)
  session.accepted('command', id)
  if (typeof body.webhook_url === 'string') webhooks.expect(body.webhook_url, id)
  await kind.meanwhile?.(session, id)
  const command = await client.ended(id, END_TIMEOUT_MS)
  if (command.status !== 'SUCCESS') return command.error_status ?? command.status
  const outputs = await outputsOf(command, client)
  const first = seen.get(kind.name) ?? outputs
  seen.set(kind.name, first)
  if (outputs !== first) return `SUCCESS with ${outputs}, where another had ${first}`
  const path = { command_id: id }
  if (kind.isDeleted) return deleteCommand(id, session)
  await client.ask((typed) => typed.DELETE('/api/v1/commands/{command_id}/files', { params: { path } }))
  return 'SUCCESS'
}

async function deleteCommand(command_id: string, { client, deleted }: Session): Promise<string> {
  const params = { path: { command_id } }
  await client.ask((typed) => typed.DELETE('/api/v1/commands/{command_id}', { params })).catch(ignoreGone)
  deleted(command_id)
  const found = await client.ask((typed) => typed.GET('/api/v1/commands/{command_id}', { params })).catch(ignoreGone)
  return found ? `SUCCESS, and ${found.status} after it was deleted` : 'SUCCESS'
}

/** Whoever gets no answer asks again under the same key, and the command is the same. */
async function submit(body: SubmitOptions, chain: string[] | null, client: PatientClient): Promise<string> {
  const params = { header: { 'idempotency-key': randomUUID() } }
  const { ffmpeg_command: _, ...files } = body
  const { command_id } = await client.ask((typed) =>
    chain === null
      ? typed.POST('/api/v1/run-ffmpeg-command', { body, params })
      : typed.POST('/api/v1/run-chained-ffmpeg-commands', { body: { ...files, ffmpeg_commands: chain }, params }),
  )
  return command_id
}

/** Every output with its size, after each was found to be there with as many bytes. */
async function outputsOf({ output_files }: Command, client: PatientClient): Promise<string> {
  const outputs = await Promise.all(
    Object.entries(output_files).map(async ([alias, { storage_url, size_mbytes, filename }]) => {
      const bytes = Math.round((size_mbytes ?? 0) * 1e6)
      const stored = filename.endsWith('.m3u8')
        ? await playlistBytes(storage_url ?? '', client)
        : await storedBytes(storage_url ?? '', bytes, client)
      return `${alias} ${bytes}${stored === bytes ? '' : ` (${stored} in the bucket)`}`
    }),
  )
  return outputs.sort().join(', ') || 'no outputs'
}

export async function storedBytes(url: string, expected: number, client: PatientClient): Promise<number> {
  if (expected <= READ_WHOLE_BYTES) return (await client.fetch(url)).body.length
  return Number((await client.fetch(url, { method: 'HEAD' })).headers.get('content-length'))
}

/** Of the list and all that it names. */
async function playlistBytes(url: string, client: PatientClient): Promise<number> {
  const list = (await client.fetch(url)).body
  const names = list
    .toString()
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  const sizes = await Promise.all(names.map(async (name) => (await client.fetch(new URL(name, url).href)).body.length))
  return sizes.reduce((sum, size) => sum + size, list.length)
}
