/** A job's outputs as its client fetches them, once they are complete. */
import type { OutputList } from '../src/executor/protocol.ts'
import type { Collected } from './collect.ts'
import type { RegularFile } from './regular-file.ts'
import type { Workspace } from './workspace.ts'

export class Outputs {
  readonly #workspace: Workspace
  #collected: ReadonlyMap<string, Collected> = new Map()

  constructor(workspace: Workspace) {
    this.#workspace = workspace
  }

  /** From now on these can be fetched, by their aliases. */
  complete(collected: ReadonlyMap<string, Collected>): void {
    this.#collected = collected
  }

  /** An output; of a playlist, the manifest. Null if there is none. The caller closes it. */
  async open(alias: string): Promise<RegularFile | null> {
    const output = this.#collected.get(alias)
    if (output === undefined) return null
    return output.kind === 'zip' ? this.#workspace.openPacked(output.path) : this.#workspace.openRegular(output.filename)
  }

  /** The files that a playlist consists of; null if the output is none. */
  list(alias: string): OutputList | null {
    const output = this.#collected.get(alias)
    if (output?.kind !== 'playlist') return null
    return { files: Array.from(output.playlist.files, ([name, bytes]) => ({ name, size_bytes: bytes })) }
  }

  /** One file of a playlist, and no other file of the job; null if it does not belong to it. The caller closes it. */
  async openFile(alias: string, name: string): Promise<RegularFile | null> {
    const output = this.#collected.get(alias)
    return output?.kind === 'playlist' && output.playlist.files.has(name) ? this.#workspace.openRegular(name) : null
  }
}
