/** Schemas of single values that a submit has, with what is said where they are something else. */
import { z } from '@hono/zod-openapi'
import { plainFilename } from './suggestions.ts'
import { mustBe, notWanted, quoted } from './wanted.ts'

/** A submit that works. */
export const BODY_EXAMPLE = {
  input_files: { in_video: 'https://example.com/input.mp4' },
  output_files: { out_video: 'converted.webm' },
  ffmpeg_command: 'ffmpeg -i {{in_video}} -c:v libvpx-vp9 -b:v 1M -c:a libopus {{out_video}}',
}

/**
 * A number, also where a client sends it as a string.
 * @param wanted what it must be, with an example, as it follows “must be”
 */
export function wireNumber(wanted: string) {
  return z.preprocess(
    (value) => (typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value),
    z.number(mustBe(wanted)),
  )
}

/** A number that is of no effect, so that anything else in its place is passed over. */
export const echoedNumber = z
  .unknown()
  .transform((value) => wireNumber('a number').safeParse(value).data)
  .optional()

const FILENAME = /^(?![-])(?!\.{1,2}$)(?=.)[A-Za-z0-9._-]*(%(0[1-9])?d[A-Za-z0-9._-]*)?$/

export const outputFilename = z
  .string(mustBe('a file name in double quotes, such as "converted.webm"'))
  .max(255, 'a file name has 255 characters at most')
  .regex(FILENAME, { error: ({ input }) => filenameRule(String(input)) })

function filenameRule(given: string): string {
  if (given.trim() === '') return 'is empty: give the file a name, such as "output.mp4"'
  const suggestion = `write "${plainFilename(given)}"`
  if (/[/\\]/.test(given)) return `${quoted(given)} is a path, and an output has a plain file name: ${suggestion}`
  if (given.includes('%v'))
    return `${quoted(given)} stands for the playlists of several variants, and an output is one file: write it in the command as it is, and declare the playlist that names them, as in "out_playlist_1": "master.m3u8" with -master_pl_name {{out_playlist_1}}`
  const sequence = given.includes('%') ? '; one %d or %03d makes it a numbered sequence' : ''
  return `${quoted(given)} is not a plain file name: use only letters from A to Z, digits, ".", "_" and "-", and do not begin with "-"${sequence}; ${suggestion}`
}

/** What its URL must be is for `urlFault` to say. */
export const inputUrl = z.string({
  error: ({ code, input, path }) => (code === 'invalid_type' ? noUrl(String(path?.at(-1)), input) : undefined),
})

function noUrl(alias: string, value: unknown): string {
  if (value === null || value === undefined) return `${alias} has no URL (${value}): the step before it in your workflow sent none`
  return notWanted(value, 'a URL in double quotes, such as "https://example.com/input.mp4"')
}

/** Every attempt to deliver is recorded with it, so it must not be of any length. */
export const webhookUrlSchema = z
  .string(mustBe('a URL in double quotes, such as "https://example.com/hook"'))
  .max(2048, 'a webhook’s URL has 2,048 characters at most')

const SECONDS = 'a number of seconds above 0, such as 300'

/** FFmpeg's wall time. */
export const runSeconds = wireNumber(SECONDS).pipe(z.number().positive({ error: ({ input }) => notWanted(input, SECONDS) }))

const COMMAND = `a text, such as ${JSON.stringify(BODY_EXAMPLE.ffmpeg_command)}`

export const commandText = z
  .string({ error: ({ code, input }) => (code === 'invalid_type' ? noCommand(input) : undefined) })
  .max(
    100_000,
    'a command has 100,000 characters at most: a longer filter graph can be an input file, as in `-filter_complex_script {{in_graph}}`',
  )
  .regex(/\S/, 'the command is empty')
  .refine((text) => !text.includes('\0'), 'the command contains the character U+0000, which no program can be given')

function noCommand(value: unknown): string {
  const advice = Array.isArray(value) ? '; join its entries with spaces, and put quotes around those that have spaces in them' : ''
  return notWanted(value, COMMAND) + advice
}
