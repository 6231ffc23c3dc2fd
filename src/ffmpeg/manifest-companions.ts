/** What commands say of the manifests that they write, which the manifests do not say themselves. */
import { type ArgvOption, formatOf, parseArgv } from './argv.ts'
import { isPlainName } from './filenames.ts'
import { parseTee } from './tee.ts'

export interface ManifestOutput {
  /** What FFmpeg puts in front of the names of files that it writes beside the manifest. */
  prefixes: string[]
  /** Names of further manifests of the same stream, which this one does not name. */
  companions: string[]
}

/** Whoever has more than a few is after something else, and each is compared with every name in a manifest. */
const MAX_PREFIXES = 10

const PREFIX_OPTIONS: ReadonlySet<string> = new Set(['hls_base_url', 'segment_list_entry_prefix'])

/** @param filename the manifest's */
export function manifestOutput(commands: readonly (readonly string[])[], filename: string): ManifestOutput {
  const prefixes = new Set<string>()
  const companions = new Set<string>()
  for (const { name, options } of commands.flatMap(outputsOf)) {
    for (const [key, value] of options) if (PREFIX_OPTIONS.has(key) && prefixes.size < MAX_PREFIXES) prefixes.add(value)
    if (name === filename) for (const companion of companionsOf(options)) companions.add(companion)
  }
  companions.delete(filename)
  return { prefixes: [...prefixes].filter((prefix) => prefix !== ''), companions: [...companions].filter(isPlainName) }
}

interface Output {
  name: string
  /** The last value of each. */
  options: ReadonlyMap<string, string>
}

/** The outputs of a command, those of `tee` among them. */
function outputsOf(argv: readonly string[]): Output[] {
  return parseArgv(argv).files.flatMap((file) => {
    if (file.kind === 'input') return []
    const outputs = formatOf(file) === 'tee' ? (parseTee(file.url) ?? []) : []
    const inner = outputs.map(({ name, options }) => ({ name, options: new Map(options.map(({ key, value }) => [key, value])) }))
    return [{ name: file.url, options: valuesOf(file.options) }, ...inner]
  })
}

function valuesOf(options: readonly ArgvOption[]): Map<string, string> {
  return new Map(options.flatMap(({ name, value }) => (value === null ? [] : [[name, value] as const])))
}

/** An HLS variant's master playlist, and the playlists that FFmpeg writes beside a DASH manifest (libavformat/hlsenc.c, dashenc.c). */
function companionsOf(options: ReadonlyMap<string, string>): string[] {
  const master = options.get('master_pl_name')
  const beside = options.get('hls_playlist')
  const isWanted = beside !== undefined && !/^(0|false|no|n|disabled?|off)$/i.test(beside)
  return [...(master === undefined ? [] : [master]), ...(isWanted ? [options.get('hls_master_name') ?? 'master.m3u8'] : [])]
}
