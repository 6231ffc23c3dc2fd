/** What a service that has nothing to do any more must not have: places taken, work that nobody does, bytes that nobody owns. */
import { readdir } from 'node:fs/promises'
import { jobsDirOf } from '../../src/cli/executor-process.ts'
import { keysInBucket, unfinishedUploads } from '../e2e/local-bucket.ts'
import { waitUntil } from '../support/wait-until.ts'
import type { PatientClient } from './patient-client.ts'
import { sleepFor } from './submit.ts'

const CLEARED_TIMEOUT_MS = 90_000
const LOOK_EVERY_MS = 1_000
const PAGE = 100

/** As many commands as there are slots: how many of them were at work at the same time, and which they were. Says so where they do not end. */
export async function slotsAtWork(client: PatientClient, slots: number): Promise<{ most: number; ids: string[] }> {
  const body = sleepFor(5)
  const ids = await Promise.all(
    Array.from({ length: slots }, async () => (await client.ask((typed) => typed.POST('/api/v1/run-ffmpeg-command', { body }))).command_id),
  )
  let most = 0
  await waitUntil('as many commands as there are slots have ended', async () => {
    const commands = await Promise.all(
      ids.map((command_id) => client.ask((typed) => typed.GET('/api/v1/commands/{command_id}', { params: { path: { command_id } } }))),
    )
    most = Math.max(most, commands.filter((command) => command.processing_stage === 'FFMPEG').length)
    const failed = commands.find((command) => command.status === 'FAILED')
    if (failed) throw new Error(`${failed.command_id} ended with ${failed.error_status}: ${failed.error_message}`)
    return commands.every((command) => command.status === 'SUCCESS')
  }).catch((error: unknown) => console.log(`soak: slots, afterwards: ${error}`))
  return { most, ids }
}

export async function notEnded(client: PatientClient): Promise<number> {
  const totals = (['QUEUED', 'PROCESSING'] as const).map(async (status) => {
    return (await client.ask((typed) => typed.GET('/api/v1/commands', { params: { query: { status, limit: 1 } } }))).total
  })
  return (await Promise.all(totals)).reduce((sum, total) => sum + total, 0)
}

/** Ids of every command that the account lists. */
export async function listedCommands(client: PatientClient): Promise<string[]> {
  return everyPage(async (offset) => {
    const page = await client.ask((typed) => typed.GET('/api/v1/commands', { params: { query: { limit: PAGE, offset } } }))
    return page.commands.map(({ command_id }) => command_id)
  })
}

/** Ids of the files that the account lists: outputs, and what was given to the service. */
export async function listedFiles(client: PatientClient): Promise<{ given: string[]; outputs: string[] }> {
  const files = await everyPage(async (offset) => {
    return (await client.ask((typed) => typed.GET('/api/v1/files', { params: { query: { limit: PAGE, offset } } }))).files
  })
  const isOutput = ({ rendi_store_type }: (typeof files)[number]) => rendi_store_type === 'OUTPUT'
  const idsOf = (some: typeof files) => some.map(({ file_id }) => file_id)
  return { given: idsOf(files.filter((file) => !isOutput(file))), outputs: idsOf(files.filter(isOutput)) }
}

async function everyPage<T>(read: (offset: number) => Promise<T[]>): Promise<T[]> {
  const all: T[] = []
  for (;;) {
    const page = await read(all.length)
    all.push(...page)
    if (page.length < PAGE) return all
  }
}

/** Keys in the bucket below an id that the account does not list. */
export async function orphansInBucket(client: PatientClient, stateDir: string): Promise<string[]> {
  const { given, outputs } = await listedFiles(client)
  const listed = new Set([...given, ...outputs])
  return (await keysInBucket(stateDir)).filter((key) => !listed.has(key.split('/')[1] ?? ''))
}

/** Of all lives of the executor. Their names begin with the id of the command or of the file. */
async function jobFolders(stateDir: string): Promise<string[]> {
  return (await readdir(jobsDirOf(stateDir), { recursive: true })).filter((name) => /^\d+\/[0-9a-f-]{36}\.\d+-[^/]*$/.test(name))
}

/** What is left when it has come to nothing, or when it does not; by what it is. */
export async function leftovers(client: PatientClient, stateDir: string): Promise<Record<string, string[]>> {
  const sources = {
    'job folders': () => jobFolders(stateDir),
    'files in the bucket that nobody owns': () => orphansInBucket(client, stateDir),
    'uploads in parts left unfinished in the bucket': () => unfinishedUploads(stateDir),
  }
  const found = Object.entries(sources).map(async ([what, find]) => [what, await settled(find)] as const)
  return Object.fromEntries(await Promise.all(found))
}

async function settled(find: () => Promise<string[]>): Promise<string[]> {
  const isNothing = async () => (await find()).length === 0
  await waitUntil('nothing is left', isNothing, CLEARED_TIMEOUT_MS, LOOK_EVERY_MS).catch(() => undefined)
  return find()
}
