/** Which outputs are streaming manifests by what the commands do, whatever their aliases are. */
import { type ArgvFile, formatName, formatOf, parseArgv } from './argv.ts'
import { withoutDot } from './filenames.ts'
import { manifestFormat } from './manifest.ts'
import { parseTee, type TeeOutput } from './tee.ts'

/** Muxers that write a manifest as their output; without `-f` the extension chooses one of the first two. */
const MANIFEST_MUXERS: ReadonlySet<string> = new Set(['hls', 'dash', 'webm_dash_manifest'])

/** Options that name a manifest that is written beside the output. */
const MANIFEST_OPTIONS: ReadonlySet<string> = new Set(['segment_list', 'master_pl_name', 'hls_master_name'])

/** Names ending in `.m3u8` or `.mpd` that the commands write as playlist or manifest, and so with files beside them. */
export function writtenManifests(argvs: Iterable<readonly string[]>): Set<string> {
  const names = new Set<string>()
  for (const argv of argvs) {
    for (const file of parseArgv(argv).files) {
      if (file.kind !== 'output') continue
      for (const name of manifestsOf(file)) if (manifestFormat(name) !== null) names.add(name)
    }
  }
  return names
}

function* manifestsOf(output: ArgvFile): Generator<string> {
  const format = formatOf(output)
  if (mayBeManifest(format)) yield withoutDot(output.url)
  if (format === 'tee') for (const inner of parseTee(output.url) ?? []) yield* manifestsOfTee(inner)
  for (const { name, value } of output.options) if (MANIFEST_OPTIONS.has(name) && value !== null) yield withoutDot(value)
}

function* manifestsOfTee({ options, name }: TeeOutput): Generator<string> {
  const format = options.findLast(({ key }) => key === 'f')?.value ?? null
  if (mayBeManifest(format === null ? null : formatName(format))) yield withoutDot(name)
  for (const { key, value } of options) if (MANIFEST_OPTIONS.has(key)) yield withoutDot(value)
}

function mayBeManifest(format: string | null): boolean {
  return format === null || MANIFEST_MUXERS.has(format)
}
