/** Whether files were joined as they were to be: FFmpeg ends well even where it has read the first of them alone. */

/** What the demuxer of MP4 says of a file that is glued to the end of another (libavformat/mov.c). */
const SECOND_INDEX = /Found duplicated MOOV Atom/

/** What the demuxer of concat lists says of a file after the first (libavformat/concatdec.c). */
const UNOPENED = /^\[concat\] Impossible to open '([^\n]{1,300})'/

/** Why an FFmpeg that ended well has left out files that it was to join; null where it has not. */
export function unjoinedFiles(said: readonly string[], argv: readonly string[]): string | null {
  for (const line of said) {
    const [, name] = UNOPENED.exec(line) ?? []
    if (name !== undefined)
      return `the command ended well but could not open ${name} of the concat list, and ended before it: is that file whole, and media?`
  }
  if (!argv.some((argument) => argument.startsWith('concat:')) || !said.some((line) => SECOND_INDEX.test(line))) return null
  return 'the command ended well but read only the first file of `concat:`, which joins formats such as MPEG-TS and not MP4: declare a text file with a line `file in_1` for each of them, and write `-f concat -safe 0 -i {{in_list}}`, or use the filter concat'
}
