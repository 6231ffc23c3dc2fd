/** Whether `concat:` has joined its files: FFmpeg ends well even where it has read the first of them alone. */

/** What the demuxer of MP4 says of a file that is glued to the end of another (libavformat/mov.c). */
const SECOND_INDEX = /Found duplicated MOOV Atom/

/** Why an FFmpeg that ended well has left out files that it was to join; null where it has not. */
export function unjoinedFiles(said: readonly string[], argv: readonly string[]): string | null {
  if (!argv.some((argument) => argument.startsWith('concat:')) || !said.some((line) => SECOND_INDEX.test(line))) return null
  return 'the command ended well but read only the first file of `concat:`, which joins formats such as MPEG-TS and not MP4: declare a text file with a line `file in_1` for each of them, and write `-f concat -safe 0 -i {{in_list}}`, or use the filter concat'
}
