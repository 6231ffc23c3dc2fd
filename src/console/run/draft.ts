/** A command that is being written. Inputs and outputs follow from the placeholders in it. Pure. */
import { aliasesIn } from '../../ffmpeg/placeholders.ts'
import type { Command, Preset, SubmitRequest } from '../api/types.ts'

export interface DraftInput {
  url: string
  /** The name of the file that was chosen, where the URL is an upload of ours. */
  filename: string | null
}

export interface Draft {
  /** More than one is a chain. */
  commands: string[]
  /** By alias. Those that no command names at the moment are kept, for when one does again. */
  inputs: Record<string, DraftInput>
  /** Alias → file name. */
  outputs: Record<string, string>
  /** Whether everything is wanted that the commands write, as one zip, instead of named outputs. */
  folder: boolean
  /** URL of a zip that is unpacked first; empty is none. */
  archive: string
  metadata: { name: string; value: string }[]
  webhookUrl: string
  maxSeconds: string
}

export const EMPTY_DRAFT: Draft = {
  commands: [''],
  inputs: {},
  outputs: {},
  folder: false,
  archive: '',
  metadata: [],
  webhookUrl: '',
  maxSeconds: '',
}

export const EMPTY_INPUT: DraftInput = { url: '', filename: null }

/** The aliases that the commands name, each once, in the order of the text. */
export function aliasesOf({ commands }: Draft, prefix: 'in_' | 'out_'): string[] {
  const all = commands.flatMap(aliasesIn).filter((alias) => alias.startsWith(prefix))
  return Array.from(new Set(all))
}

const GUESSES = [
  [/playlist/, 'index.m3u8'],
  [/audio|sound|music/, 'audio.mp3'],
  [/image|picture|thumb|poster/, 'image.png'],
  [/frames/, 'frame_%03d.png'],
  [/gif/, 'animation.gif'],
] as const

/** The file name of an output: the one that was given, else one that fits its alias. */
export function outputName({ outputs }: Draft, alias: string): string {
  return outputs[alias] ?? GUESSES.find(([pattern]) => pattern.test(alias))?.[1] ?? 'video.mp4'
}

/** An address that nobody minds, in place of an input that is not there yet. */
const STAND_IN = 'https://example.com/input'

/** The body of the submit. `checking` puts something in place of inputs that are missing, so that only the rest is judged. */
export function submitBody(given: Draft, checking = false): SubmitRequest {
  const { commands, inputs, folder, archive, metadata, webhookUrl, maxSeconds } = given
  const [only = '', ...more] = commands
  const input_files = Object.fromEntries(
    aliasesOf(given, 'in_').map((alias) => [alias, inputs[alias]?.url.trim() || (checking ? STAND_IN : '')]),
  )
  const named = metadata.filter(({ name }) => name.trim() !== '')
  return {
    ...(Object.keys(input_files).length > 0 && { input_files }),
    output_files: folder ? 'OUTPUT_FOLDER' : Object.fromEntries(aliasesOf(given, 'out_').map((alias) => [alias, outputName(given, alias)])),
    ...(more.length === 0 ? { ffmpeg_command: only } : { ffmpeg_commands: commands }),
    ...(archive.trim() !== '' && { input_compressed_folder: archive.trim() }),
    ...(named.length > 0 && { metadata: Object.fromEntries(named.map(({ name, value }) => [name.trim(), metadataValue(value)])) }),
    ...(webhookUrl.trim() !== '' && { webhook_url: webhookUrl.trim() }),
    ...(maxSeconds.trim() !== '' && { max_command_run_seconds: maxSeconds.trim() }),
  }
}

export function missingInputs(given: Draft): string[] {
  return aliasesOf(given, 'in_').filter((alias) => (given.inputs[alias]?.url ?? '').trim() === '')
}

/** A preset's command, with the inputs that are there already. */
export function draftOfPreset(preset: Preset, inputs: Record<string, DraftInput> = {}): Draft {
  const { ffmpeg_command, ffmpeg_commands, output_file_definitions: outputs, metadata } = preset
  return {
    ...EMPTY_DRAFT,
    commands: ffmpeg_commands ?? [ffmpeg_command ?? ''],
    inputs,
    outputs: outputs === 'OUTPUT_FOLDER' ? {} : outputs,
    folder: outputs === 'OUTPUT_FOLDER',
    metadata: asText(metadata),
  }
}

/** What a command was submitted with. */
export function draftOfCommand({ original_request: request, metadata }: Command): Draft {
  const { input_files, output_files: outputs, input_compressed_folder } = request
  return {
    ...EMPTY_DRAFT,
    commands: request.ffmpeg_commands ?? [request.ffmpeg_command ?? ''],
    inputs: Object.fromEntries(Object.entries(input_files).map(([alias, url]) => [alias, { url, filename: null }])),
    outputs: outputs === 'OUTPUT_FOLDER' ? {} : outputs,
    folder: outputs === 'OUTPUT_FOLDER',
    archive: input_compressed_folder ?? '',
    metadata: asText(metadata),
  }
}

/** A value as it is written: a text as it is, unless that would be read as something else. */
export function metadataText(value: unknown): string {
  return typeof value === 'string' && metadataValue(value) === value ? value : JSON.stringify(value)
}

/** What is written, as JSON where it is some: `7` and `true` are no texts. */
export function metadataValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function asText(metadata: Record<string, unknown>): Draft['metadata'] {
  return Object.entries(metadata).map(([name, value]) => ({ name, value: metadataText(value) }))
}
