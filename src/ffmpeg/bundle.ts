/** Outputs that are more than one file: which a submit asks for, and what they are called. */

/** Stands in a submit for the map of outputs: everything that the command makes. */
export const OUTPUT_FOLDER = 'OUTPUT_FOLDER'

/** Alias of the one output that a command with `OUTPUT_FOLDER` has. */
export const FOLDER_ALIAS = 'output_folder'

/** Outputs whose alias begins so are streaming manifests, as are others that the commands write as such. */
export const PLAYLIST_PREFIX = 'out_playlist_'

/** A zip is stored under `filename`, a playlist under its own name with all its files beside it. */
export type Bundle =
  /** All that the commands make in their working directory, as one zip. */
  | { kind: 'folder'; filename: string }
  /** All files of a numbered sequence such as `frame_%03d.png`, as one zip. */
  | { kind: 'sequence'; filename: string; pattern: string }
  /** An HLS playlist or DASH manifest. */
  | { kind: 'playlist'; filename: string }

/** One `%d` or `%0Nd`, as FFmpeg's image muxer counts. */
const COUNTER = /%(?:0([1-9]))?d/

/** Long aliases are cut, so that the zip's name stays one that every file system takes. */
const MAX_ALIAS_IN_NAME = 200

/** Whether a file name stands for numbered files. */
export function isSequence(filename: string): boolean {
  return COUNTER.test(filename)
}

/**
 * Sorts outputs into plain files and bundles. A sequence's zip is called after its alias: `out_frames.zip`.
 * @param manifests names that the commands write as manifests (`writtenManifests`): an output of such a name is a playlist under any alias
 */
export function sortOutputs(
  outputs: Readonly<Record<string, string>>,
  manifests: ReadonlySet<string> = new Set(),
): { files: Record<string, string>; bundles: Record<string, Bundle> } {
  const files: Record<string, string> = {}
  const bundles: Record<string, Bundle> = {}
  for (const [alias, filename] of Object.entries(outputs)) {
    if (isSequence(filename)) bundles[alias] = { kind: 'sequence', filename: `${alias.slice(0, MAX_ALIAS_IN_NAME)}.zip`, pattern: filename }
    else if (alias.startsWith(PLAYLIST_PREFIX) || manifests.has(filename)) bundles[alias] = { kind: 'playlist', filename }
    else files[alias] = filename
  }
  return { files, bundles }
}

/** Tells which number a file has in the sequence; null for one that does not belong to it. */
export function sequenceNumbers(pattern: string): (name: string) => number | null {
  const counter = COUNTER.exec(pattern)
  if (counter === null) return () => null
  const prefix = pattern.slice(0, counter.index)
  const suffix = pattern.slice(counter.index + counter[0].length)
  const width = Number(counter[1] ?? 1)
  return (name) => {
    if (!name.startsWith(prefix) || !name.endsWith(suffix) || name.length < prefix.length + suffix.length) return null
    const digits = name.slice(prefix.length, name.length - suffix.length)
    // A number that fills its width has no zeros in front of it.
    const counted = /^\d+$/.test(digits) && (digits.length === width || (digits.length > width && !digits.startsWith('0')))
    return counted ? Number(digits) : null
  }
}
