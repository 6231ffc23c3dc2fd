/** What a service sees in a day: commands and files, those that should end well, those that should fail, and those that are given up. */
import { randomUUID } from 'node:crypto'
import type { SubmitOptions } from '../support/api-client.ts'
import { type CommandKind, runCommand } from './soak-commands.ts'
import { type Sample, uploadInParts, useFile } from './soak-files.ts'
import type { Kind } from './soak-load.ts'
import { PICTURE, sleepFor } from './submit.ts'

export interface SoakInputs {
  /** Address of a sample, at full speed or at so many megabits a second. */
  url: (name: string, megabits?: number) => string
  /** Of three parts in the bucket. */
  medium: Sample
  /** Of two parts for its client. */
  large: Sample
}

/** The kinds, with what they have in common: two commands of a kind have the same outputs. */
export function kindsOf({ url, medium, large }: SoakInputs): Kind[] {
  const seen = new Map<string, string>()
  const input_files = { in_file: url('tiny.mp4') }
  const output_files = { out_file: 'out.mp4' }
  const command = (kind: Omit<Kind, 'run'> & CommandKind): Kind => ({ ...kind, run: (session) => runCommand(kind, seen, session) })
  const submits = (body: SubmitOptions) => () => body
  return [
    command({
      name: 'tiny transcode',
      weight: 8,
      expected: 'SUCCESS',
      body: submits({ input_files, output_files, ffmpeg_command: '-i {{in_file}} -vf scale=160:90 {{out_file}}' }),
    }),
    command({ name: 'picture', weight: 4, expected: 'SUCCESS', body: submits(PICTURE) }),
    command({
      name: 'picture with a webhook',
      weight: 4,
      expected: 'SUCCESS',
      body: ({ webhooks, random }) => ({ ...PICTURE, webhook_url: webhooks.newUrl(random) }),
    }),
    command({
      name: 'chain',
      weight: 2,
      expected: 'SUCCESS',
      body: submits({ input_files, output_files, ffmpeg_command: '' }),
      chain: ['-i {{in_file}} -vf scale=160:90 small.mp4', '-i small.mp4 -c copy {{out_file}}'],
    }),
    command({
      name: 'copy of 50 MB, in several slices',
      weight: 1,
      expected: 'SUCCESS',
      body: submits({
        input_files: { in_file: url('50mb.mov', 80) },
        output_files: { out_file: 'out.mov' },
        ffmpeg_command: '-i {{in_file}} -c copy {{out_file}}',
      }),
    }),
    command({
      name: 'three inputs and three outputs',
      weight: 2,
      expected: 'SUCCESS',
      body: submits({
        input_files: { in_a: url('tiny.mp4'), in_b: url('12mb.mov', 40), in_c: url('tiny.mp4', 20) },
        output_files: { out_video: 'a.mov', out_sound: 'b.wav', out_picture: 'c.png' },
        ffmpeg_command:
          '-i {{in_a}} -i {{in_b}} -i {{in_c}} -map 1:v -c copy {{out_video}} -map 0:a {{out_sound}} -map 2:v -frames:v 1 {{out_picture}}',
      }),
    }),
    command({ name: 'picture, deleted afterwards', weight: 3, expected: 'SUCCESS', body: submits(PICTURE), isDeleted: true }),
    command({
      name: 'playlist of forty segments, deleted afterwards',
      weight: 1,
      expected: 'SUCCESS',
      body: submits({
        output_files: { out_playlist: 'index.m3u8' },
        ffmpeg_command:
          '-f lavfi -i testsrc2=s=160x90:r=5:d=40 -c:v libx264 -g 5 -preset ultrafast -hls_time 1 -hls_list_size 0 {{out_playlist}}',
      }),
      isDeleted: true,
    }),
    command({
      name: 'run of eight seconds, in several slices',
      weight: 1,
      expected: 'SUCCESS',
      body: submits(sleepFor(8)),
    }),
    command({
      name: 'failing command',
      weight: 2,
      expected: 'FFMPEG_ERROR',
      body: ({ webhooks, random }) => ({
        input_files,
        output_files,
        ffmpeg_command: '-i {{in_file}} -map 0:s {{out_file}}',
        webhook_url: webhooks.newUrl(random),
      }),
    }),
    command({
      name: 'missing input',
      weight: 2,
      expected: 'UNREACHABLE_INPUT_FILE',
      body: submits({ input_files: { in_file: url('missing.mp4') }, output_files, ffmpeg_command: '-i {{in_file}} {{out_file}}' }),
    }),
    command({
      name: 'cancelled command',
      weight: 2,
      expected: 'CANCELLED',
      body: submits(sleepFor(120)),
      meanwhile: async ({ client }, command_id) => {
        const path = { command_id }
        await client.ask((typed) => typed.GET('/api/v1/commands/{command_id}', { params: { path, query: { wait: 1 } } }))
        await client.ask((typed) => typed.POST('/api/v1/commands/{command_id}/cancel', { params: { path } }))
      },
    }),
    {
      name: 'file of 12 MB by its URL, and a command that reads it',
      weight: 2,
      expected: 'SUCCESS',
      run: async (session) => {
        const file_url = `${medium.url}&n=${randomUUID()}`
        const begun = await session.client.ask((typed) => typed.POST('/api/v1/files/store-file', { body: { file_url } }))
        return useFile(begun.file_id, medium, seen, session)
      },
    },
    {
      name: 'upload of 70 MB in two parts',
      weight: 1,
      expected: 'SUCCESS',
      run: async (session) => useFile(await uploadInParts(large, session), large, seen, session),
    },
  ]
}
