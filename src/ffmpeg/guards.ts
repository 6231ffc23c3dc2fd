/** Options that the service adds to every input, so that media files cannot make FFmpeg open anything else. */
import { type ArgvFile, formatOf, parseArgv } from './argv.ts'
import { PROBED_DEMUXERS } from './policy-demuxers.ts'

/**
 * Puts the guards last before every `-i`, where they win over whatever the command says:
 * only files may be opened, and only as formats that one file holds entirely (no playlist, no list of files).
 * Lists for `-f concat` and playlists are opened by an executor that has judged them and written them anew (`withScripts`); here they are held
 * to plain relative paths by `-safe 1`, and a playlist is no format that may be opened at all.
 * Where they stand already, they are not put a second time.
 */
export function guardInputs(argv: readonly string[]): string[] {
  const guarded: string[] = []
  let copied = 0
  for (const file of parseArgv(argv).files) {
    if (file.kind !== 'input') continue
    const dashI = file.index - 1
    const guards = guardsFor(file)
    const before = argv.slice(Math.max(copied, dashI - guards.length), dashI)
    guarded.push(...argv.slice(copied, dashI))
    if (before.length < guards.length || before.some((token, i) => token !== guards[i])) guarded.push(...guards)
    copied = dashI
  }
  return [...guarded, ...argv.slice(copied)]
}

function guardsFor(input: ArgvFile): string[] {
  const format = formatOf(input)
  const guards = guardsOn(format, input.url.startsWith('concat:') ? 'concat,file' : 'file')
  return format === 'concat' ? ['-safe', '1', ...guards] : guards
}

/** What one input may open. @param format as `-f` names it, in lower case; null where it is recognised */
export function guardsOn(format: string | null, protocols = 'file'): string[] {
  return ['-protocol_whitelist', protocols, '-format_whitelist', allowedFormats(format)]
}

/** In lower case, since FFmpeg compares this list to the letter (`av_match_list`). */
function allowedFormats(format: string | null): string {
  if (format === null || format === 'hls' || format === 'applehttp') return PROBED_DEMUXERS.join(',')
  return format === 'concat' ? ['concat', ...PROBED_DEMUXERS].join(',') : format
}
