/** What a service sees in a day, mixed: jobs that should succeed, jobs that should fail, and one that its caller gives up. */
import { createHash } from 'node:crypto'
import type { Stack } from '../../src/cli/stack.ts'
import type { Command } from '../client/client.ts'
import { dataOf } from '../client/client.ts'
import { ApiClient } from '../support/api-client.ts'
import { deleteFiles, PICTURE, sleepFor } from './submit.ts'

/** However often its executor is killed, a command ends before that. */
const END_TIMEOUT_MS = 10 * 60_000

interface Kind {
  name: string
  /** How often it is chosen, beside the others. */
  weight: number
  /** `SUCCESS`, or the `error_status`. */
  expected: string
  submit: (api: ApiClient) => Promise<string>
  /** What its caller does while it runs. */
  meanwhile?: (api: ApiClient, commandId: string) => Promise<unknown>
}

export interface Outcome {
  kind: string
  commandId: string
  expected: string
  /** As `expected`, or what else was seen. */
  got: string
}

/** @param url address of a sample */
export function kindsOf(url: (name: string) => string): Kind[] {
  const input_files = { in_file: url('tiny.mp4') }
  const output_files = { out_file: 'out.mp4' }
  return [
    {
      name: 'tiny transcode',
      weight: 8,
      expected: 'SUCCESS',
      submit: (api) => api.submit({ input_files, output_files, ffmpeg_command: '-i {{in_file}} -vf scale=160:90 {{out_file}}' }),
    },
    { name: 'picture', weight: 6, expected: 'SUCCESS', submit: (api) => api.submit(PICTURE) },
    {
      name: 'chain',
      weight: 2,
      expected: 'SUCCESS',
      submit: async (api) => {
        const ffmpeg_commands = ['-i {{in_file}} -vf scale=160:90 small.mp4', '-i small.mp4 -c copy {{out_file}}']
        const body = { input_files, output_files, ffmpeg_commands }
        return (await dataOf(api.typed.POST('/api/v1/run-chained-ffmpeg-commands', { body }))).command_id
      },
    },
    {
      name: 'copy of 50 MB',
      weight: 1,
      expected: 'SUCCESS',
      submit: (api) =>
        api.submit({
          input_files: { in_file: url('50mb.mov') },
          output_files: { out_file: 'out.mov' },
          ffmpeg_command: '-i {{in_file}} -c copy {{out_file}}',
        }),
    },
    {
      name: 'failing command',
      weight: 2,
      expected: 'FFMPEG_ERROR',
      submit: (api) => api.submit({ input_files, output_files, ffmpeg_command: '-i {{in_file}} -map 0:s {{out_file}}' }),
    },
    {
      name: 'missing input',
      weight: 2,
      expected: 'UNREACHABLE_INPUT_FILE',
      submit: (api) =>
        api.submit({ input_files: { in_file: url('missing.mp4') }, output_files, ffmpeg_command: '-i {{in_file}} {{out_file}}' }),
    },
    {
      name: 'cancelled command',
      weight: 2,
      expected: 'CANCELLED',
      submit: (api) => api.submit(sleepFor(120)),
      meanwhile: async (api, command_id) => {
        await api.poll(command_id, 1)
        await dataOf(api.typed.POST('/api/v1/commands/{command_id}/cancel', { params: { path: { command_id } } }))
      },
    },
  ]
}

/** One command after the other until `signal`, each looked after to its end. */
export async function runClient(stack: Stack, kinds: readonly Kind[], random: () => number, signal: AbortSignal): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const choices = kinds.flatMap((kind) => Array.from({ length: kind.weight }, () => kind))
  while (!signal.aborted) {
    const kind = choices[Math.floor(random() * choices.length)]
    if (kind) outcomes.push(await runOne(stack, kind))
  }
  return outcomes
}

async function runOne(stack: Stack, kind: Kind): Promise<Outcome> {
  const api = new ApiClient(stack)
  const outcome = { kind: kind.name, commandId: 'none', expected: kind.expected }
  try {
    outcome.commandId = await kind.submit(api)
    await kind.meanwhile?.(api, outcome.commandId)
    const command = await api.ended(outcome.commandId, END_TIMEOUT_MS)
    if (command.status !== 'SUCCESS') return { ...outcome, got: command.error_status ?? command.status }
    if (!(await hasItsFiles(command))) return { ...outcome, got: 'SUCCESS without its files' }
    await deleteFiles(stack, outcome.commandId)
    return { ...outcome, got: 'SUCCESS' }
  } catch (error) {
    return { ...outcome, got: String(error) }
  }
}

async function hasItsFiles({ output_files }: Command): Promise<boolean> {
  const urls = Object.values(output_files ?? {}).map((file) => file.storage_url)
  const answers = await Promise.all(urls.map(async (url) => url && (await fetch(url, { method: 'HEAD' })).ok))
  return answers.length > 0 && answers.every(Boolean)
}

/** Numbers from 0 to 1, the same ones for the same seed. */
export function seededRandom(seed: string): () => number {
  let n = 0
  return () => createHash('sha256').update(`${seed}/${n++}`).digest().readUInt32BE() / 2 ** 32
}
