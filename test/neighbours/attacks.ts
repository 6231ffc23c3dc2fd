/** What one account may send to slow down all others. */
import type { SubmitOptions } from '../support/api-client.ts'
import { zipArchive } from '../support/zip-archive.ts'
import { comments, type HostileServer, manyEntries, questionMarks, templates, zipBomb } from './hostile-files.ts'

export type Attack = { title: string } & (
  | {
      kind: 'command'
      body: (server: HostileServer) => SubmitOptions
      /** How it ends; `complete` where its outputs are made. */
      ends: string
    }
  /** Checked without being run, and answered with this status. */
  | { kind: 'validation'; body: () => object; ends: number }
)

/** Small pictures without end, which cost next to nothing to draw. */
const PICTURES = 'color=s=2x2:r=1000:c=gray,format=gray'

export const ATTACKS: readonly Attack[] = [
  {
    title: 'thousands of placeholders that are not declared, beside long aliases that are',
    kind: 'validation',
    body: () => ({
      ...aliases(100, 5000),
      ffmpeg_command: Array.from({ length: 8000 }, (_, n) => `{{x${n}}}`).join(''),
    }),
    ends: 422,
  },
  {
    title: 'thousands of aliases that are none',
    kind: 'validation',
    body: () => ({
      input_files: Object.fromEntries(Array.from({ length: 40_000 }, (_, n) => [`a-${n}`, 'x'])),
      output_files: { out_a: 'a.mp4' },
      ffmpeg_command: '{{out_a}}',
    }),
    ends: 422,
  },
  {
    title: 'a name of nothing but stars, in an archive',
    kind: 'validation',
    body: () => ({
      input_compressed_folder: 'https://example.com/a.zip',
      output_files: { out_a: 'a.mp4' },
      ffmpeg_command: `-i ${'*'.repeat(60_000)} {{out_a}}`,
    }),
    ends: 200,
  },
  {
    title: 'a chain that names one input thousands of times',
    kind: 'validation',
    body: () => ({
      input_files: { in_a: 'https://example.com/a.mp4' },
      output_files: { out_a: 'a.mp4' },
      ffmpeg_commands: Array.from({ length: 10 }, () => `${'-i {{in_a}} '.repeat(8000)}{{out_a}}`),
    }),
    ends: 422,
  },
  {
    title: 'options in a filter that go on and on',
    kind: 'validation',
    body: () => ({ output_files: { out_a: 'a.mp4' }, ffmpeg_command: `-f lavfi -i color=${'a:'.repeat(30_000)} {{out_a}}` }),
    ends: 200,
  },
  {
    title: 'an HLS playlist of one line that goes back from its end again and again',
    kind: 'command',
    body: (server) => manifest(server, questionMarks(200_000), 'a.m3u8'),
    ends: 'complete',
  },
  {
    title: 'an HLS playlist of millions of lines',
    kind: 'command',
    body: (server) => manifest(server, comments(4_000_000), 'a.m3u8'),
    ends: 'complete',
  },
  {
    title: 'a DASH manifest that has one template again and again, beside many files',
    kind: 'command',
    body: (server) =>
      manifest(
        server,
        templates(20_000, () => 'f$N$'),
        'a.mpd',
        5000,
      ),
    ends: 'complete',
  },
  {
    title: 'a DASH manifest of many templates, beside many files',
    kind: 'command',
    body: (server) =>
      manifest(
        server,
        templates(20_000, (n) => `${n % 2 === 0 ? 'f' : ''}${'$N$'.repeat(1 + (n % 15))}`),
        'a.mpd',
        5000,
      ),
    ends: 'complete',
  },
  {
    title: 'inputs that are larger together than a command’s disk',
    kind: 'command',
    body: (server) => {
      const names = Array.from({ length: 10 }, (_, n) => `in_${n}`)
      return {
        input_files: Object.fromEntries(names.map((name) => [name, server.urlOfZeros(50)])),
        output_files: { out_a: 'a.bin' },
        ffmpeg_command: `${names.map((name) => `-f data -i {{${name}}}`).join(' ')} -map 0 -c copy -f data {{out_a}}`,
      }
    },
    ends: 'INPUT_TOO_LARGE',
  },
  {
    title: 'small files without end',
    kind: 'command',
    body: () => ({
      output_files: { out_f: 'f%d.pgm' },
      ffmpeg_command: `-f lavfi -i ${PICTURES} -frames:v 2000000 -f image2 {{out_f}}`,
    }),
    ends: 'OUTPUT_TOO_LARGE',
  },
  {
    title: 'a zip of thousands of files',
    kind: 'command',
    body: () => ({ output_files: { out_f: 'f%d.pgm' }, ffmpeg_command: `-f lavfi -i ${PICTURES} -frames:v 5000 -f image2 {{out_f}}` }),
    ends: 'complete',
  },
  {
    title: 'an archive of thousands of files in folders of their own',
    kind: 'command',
    body: (server) => archive(server, manyEntries(4000), '0/a.txt'),
    ends: 'complete',
  },
  {
    title: 'an archive that becomes a thousand times as large',
    kind: 'command',
    body: (server) => archive(server, zipBomb(20, 50), '0.bin'),
    ends: 'INPUT_TOO_LARGE',
  },
  {
    title: 'a message of FFmpeg’s that says there are billions of inputs',
    kind: 'command',
    body: () => ({
      output_files: { out_a: 'a.mp4' },
      ffmpeg_command: `-re -f lavfi -i color=s=64x64:d=2 -c:v libx264 -x264-params 'a\nInput #4000000000, =1' {{out_a}}`,
    }),
    ends: 'complete',
  },
  {
    title: 'a message of FFmpeg’s that goes back from its end again and again',
    kind: 'command',
    body: () => ({
      output_files: { out_a: 'a.mp4' },
      ffmpeg_command: `-f lavfi -i color=s=64x64:d=1 -c:v libx264 -x264-params 'a\n[out#1${'] video:'.repeat(7000)}=1' -movflags no_such_flag {{out_a}}`,
    }),
    ends: 'FFMPEG_ERROR',
  },
  {
    title: 'many outputs to look into',
    kind: 'command',
    body: () => {
      const outputs = Array.from({ length: 40 }, (_, n) => [`out_${n}`, `${n}.wav`] as const)
      const written = outputs.map(([alias]) => `-map 0 -t 0.1 {{${alias}}}`).join(' ')
      return { output_files: Object.fromEntries(outputs), ffmpeg_command: `-f lavfi -i sine ${written}` }
    },
    ends: 'complete',
  },
]

/** Inputs whose names have so many characters. */
function aliases(count: number, characters: number): object {
  const names = Array.from({ length: count }, (_, n) => `in_${n}_`.padEnd(characters, 'a'))
  return { input_files: Object.fromEntries(names.map((name) => [name, 'https://example.com/a.mp4'])), output_files: { out_a: 'a.mp4' } }
}

/** A command that writes what was sent as a playlist or manifest, beside so many pictures. */
function manifest(server: HostileServer, text: string, name: 'a.m3u8' | 'a.mpd', pictures = 1): SubmitOptions {
  const draw = `-map 1 -frames:v ${pictures} -f image2 f%d.pgm`
  return {
    // As an input by its URL a playlist is refused.
    input_compressed_folder: server.urlOf(zipArchive([{ name: 'text', content: text, method: 0 }])),
    output_files: { out_playlist_a: name },
    ffmpeg_command: `-f data -i text -f lavfi -i ${PICTURES} -map 0 -c copy -f data {{out_playlist_a}} ${draw}`,
  }
}

function archive(server: HostileServer, zip: Uint8Array, file: string): SubmitOptions {
  return {
    input_compressed_folder: server.urlOf(zip),
    output_files: { out_a: 'a.bin' },
    ffmpeg_command: `-f data -i ${file} -map 0 -c copy -f data {{out_a}}`,
  }
}
