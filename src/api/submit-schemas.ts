/** The wire contract of the other submits, beside the single one in `schemas.ts`. */
import { z } from '@hono/zod-openapi'
import { boundedList } from './bounded-schemas.ts'
import { submitBase, submitSchema } from './schemas.ts'
import { BODY_EXAMPLE, commandText } from './value-schemas.ts'
import { mustBe } from './wanted.ts'

/** In one request. */
export const MAX_COMMANDS = 10

const CHAIN_EXAMPLE = {
  input_files: { in_video: 'https://example.com/input.mp4' },
  output_files: { out_video: 'clip.mp4', out_frame: 'frame.png' },
  ffmpeg_commands: ['-i {{in_video}} -t 5 -c copy {{out_video}}', '-i {{out_video}} -frames:v 1 {{out_frame}}'],
}

const CHAIN = `a list of commands, such as ${JSON.stringify(CHAIN_EXAMPLE.ffmpeg_commands)}`

export const chainedSubmitSchema = z
  .object({
    ...submitBase,
    ffmpeg_commands: boundedList(
      z.array(commandText, mustBe(CHAIN)).min(1, 'a chain needs at least one command'),
      MAX_COMMANDS,
      `a chain has ${MAX_COMMANDS} commands at most`,
    ).openapi({ description: 'Run in this order, in one working directory.' }),
  })
  .openapi('RunChainedFFmpegCommands', { example: CHAIN_EXAMPLE })
export type ChainedSubmitBody = z.output<typeof chainedSubmitSchema>

export const multipleSubmitSchema = z
  .object({
    commands: boundedList(
      z
        .array(submitSchema, mustBe('a list of commands in square brackets, each an object as it would be submitted by itself'))
        .min(1, 'send at least one command'),
      MAX_COMMANDS,
      `${MAX_COMMANDS} commands at most in one request`,
    ).openapi({ description: 'Each as it would be submitted by itself.' }),
  })
  .openapi('RunMultipleFFmpegCommands', { example: { commands: [BODY_EXAMPLE] } })

export const multipleSubmittedSchema = z
  .object({ command_ids: z.array(z.uuid()).openapi({ description: 'In the order of `commands`.' }) })
  .openapi('MultipleSubmitted')

const CHAINS = [{ $ref: '#/components/schemas/RunChainedFFmpegCommands' }, { $ref: '#/components/schemas/RunChainOfCommands' }]

/** A chain in either of its forms. Each has rules of its own, and `parseChain` applies those of the one that it is. */
export const anyChainSchema = z.unknown().openapi({ type: 'object', oneOf: CHAINS, example: CHAIN_EXAMPLE })

/** A single submit or a chain, for `parseAnySubmit`. */
export const anySubmitSchema = z.unknown().openapi({
  type: 'object',
  oneOf: [{ $ref: '#/components/schemas/RunFFmpegCommand' }, ...CHAINS],
  example: BODY_EXAMPLE,
})

export const validatedSchema = z
  .object({
    valid: z.literal(true),
    commands: z.array(z.array(z.string())).openapi({
      description:
        'The arguments that FFmpeg would get, one list for each command: placeholders replaced, guards added, and a log level that hides errors raised to `error`.',
      example: [['-i', 'in_video.mp4', '-c:v', 'libvpx-vp9', 'converted.webm']],
    }),
  })
  .openapi('Validated')
