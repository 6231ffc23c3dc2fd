/** Folders: one per life of this process, in it one per job. */
import type { Stats } from 'node:fs'
import { chmod, chown, lstat, mkdir, mkdtemp, readdir, realpath, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isNestedName, isPlainName } from '../src/ffmpeg/filenames.ts'
import { batchesOf, emptyFolder, type FolderUsage, folderUsage, isErrno, removeFolder } from './folder.ts'
import { openRegularFile, type RegularFile } from './regular-file.ts'

/**
 * Each job runs as a user of its own where users can be changed. The range is one that neither distributions nor systemd hand out,
 * and far larger than the number of jobs that run at once.
 */
export const FIRST_JOB_UID = 60_800
const JOB_UIDS = 384

/**
 * Makes this process's folder under `jobsDir` and wipes what processes that are no more have left there.
 * Throws if somebody else owns `jobsDir`.
 */
export async function openLife(jobsDir: string): Promise<string> {
  if ((await mkdir(jobsDir, { recursive: true })) !== undefined) await chmod(jobsDir, 0o711)
  const stats = await lstat(jobsDir)
  const uid = process.getuid?.() ?? stats.uid
  if (!stats.isDirectory() || stats.uid !== uid) throw new Error(`JOBS_DIR ${jobsDir} must be a folder of this user's own`)
  const folders = (await readdir(jobsDir, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const ended = folders.filter((name) => /^\d+$/.test(name) && (Number(name) === process.pid || !isAlive(Number(name))))
  await Promise.all(ended.map((name) => removeFolder(join(jobsDir, name))))
  const life = join(jobsDir, `${process.pid}`)
  await mkdir(life)
  await chmod(life, 0o711)
  return life
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return isErrno(error, 'EPERM')
  }
}

/** A file as it was at some moment. */
export interface MadeFile {
  name: string
  bytes: number
  modified: Date
  /** Another one once the file has been written or replaced. */
  version: string
}

let jobsMade = 0

/** A job's folder: `files` belongs to FFmpeg, what is beside it does not. */
export class Workspace {
  /** FFmpeg's working directory: inputs and outputs, nothing else. */
  readonly files: string
  readonly logPath: string
  /** Where an archive waits to be unpacked, out of FFmpeg's reach. */
  readonly archivePath: string
  /** The user that FFmpeg becomes, null if it stays this process's. */
  readonly uid: number | null
  readonly #root: string
  #packed = 0
  #packedBytes = 0

  private constructor(root: string, uid: number | null) {
    this.#root = root
    this.files = join(root, 'files')
    this.logPath = join(root, 'ffmpeg.log')
    this.archivePath = join(root, 'archive.zip')
    this.uid = uid
  }

  /** @param ownUser whether FFmpeg runs as a user of its own */
  static async create(lifeDir: string, job: string, ownUser: boolean): Promise<Workspace> {
    const workspace = new Workspace(await mkdtemp(join(lifeDir, `${job}-`)), ownUser ? FIRST_JOB_UID + (jobsMade++ % JOB_UIDS) : null)
    await chmod(workspace.#root, 0o711)
    await mkdir(workspace.files)
    if (workspace.uid !== null) await chown(workspace.files, workspace.uid, process.getgid?.() ?? workspace.uid)
    await chmod(workspace.files, 0o770)
    return workspace
  }

  /** Path of a file whose name `jobFilenameSchema` has accepted. */
  path(filename: string): string {
    return join(this.files, filename)
  }

  /** Takes a file out of FFmpeg's folder. Answers its size; null if there is no regular file by that name. */
  async setAsideArchive(filename: string): Promise<number | null> {
    const bytes = await this.fileBytes(filename)
    if (bytes !== null) await rename(this.path(filename), this.archivePath)
    return bytes
  }

  /** Where the next zip of outputs is to be written, out of FFmpeg's reach. */
  nextPackedPath(): string {
    return join(this.#root, `packed-${this.#packed++}.zip`)
  }

  /** Counts a zip that has been written. Answers its bytes. */
  async countPacked(path: string): Promise<number> {
    const { size } = await lstat(path)
    this.#packedBytes += size
    return size
  }

  /** Bytes of the zips so far. */
  get packedBytes(): number {
    return this.#packedBytes
  }

  /** Opens a regular file for reading, never through a link; null if there is none. The caller closes it. */
  async openRegular(filename: string): Promise<RegularFile | null> {
    return openRegularFile(this.path(filename))
  }

  /**
   * Opens a regular file of the folder or of its folders for reading, never through a link on the way there; null if there is none.
   * The caller closes it.
   */
  async openNested(name: string): Promise<RegularFile | null> {
    if (!isNestedName(name)) return null
    const file = await openRegularFile(this.path(name))
    if (file === null || (await this.#holds(name, file))) return file
    await file.handle.close()
    return null
  }

  /** Whether an open file is the one by that name, with no link on the way there. */
  async #holds(name: string, { handle }: RegularFile): Promise<boolean> {
    const path = join(await realpath(this.files), name)
    const resolved = await realpath(path).catch(() => null)
    if (resolved !== path) return false
    const [opened, found] = await Promise.all([handle.stat(), lstat(path).catch(() => null)])
    return found?.ino === opened.ino && found.dev === opened.dev
  }

  /** Puts a text into FFmpeg's folder, in the place of whatever is there by that name, and never through it. */
  async putText(filename: string, text: string): Promise<void> {
    // A name of its own, since several may be put at the same time.
    const path = join(this.#root, `text${filename}`)
    await writeFile(path, text, { mode: 0o644 })
    await rename(path, this.path(filename))
  }

  /** Opens a zip that `nextPackedPath` has named. The caller closes it. */
  async openPacked(path: string): Promise<RegularFile | null> {
    return openRegularFile(path)
  }

  /** Regular files of the folder itself, by name, in no order. What FFmpeg could not have been told to write is left out. */
  async regularFiles(): Promise<Map<string, MadeFile>> {
    const files = new Map<string, MadeFile>()
    for await (const batch of batchesOf(this.files)) {
      const names = batch.map(({ name }) => name).filter(isPlainName)
      const stats = await Promise.all(names.map((name) => lstat(this.path(name)).catch(() => null)))
      for (const [index, name] of names.entries()) {
        const found = stats[index]
        if (found?.isFile()) files.set(name, { name, bytes: found.size, modified: found.mtime, version: versionOf(found) })
      }
    }
    return files
  }

  /** Size of a regular file in bytes; null if there is none by that name. */
  async fileBytes(filename: string): Promise<number | null> {
    const stats = await lstat(this.path(filename)).catch(() => null)
    return stats?.isFile() ? stats.size : null
  }

  /** A regular file's `MadeFile.version`; null if there is none by that name. */
  async fileVersion(filename: string): Promise<string | null> {
    const stats = await lstat(this.path(filename)).catch(() => null)
    return stats?.isFile() ? versionOf(stats) : null
  }

  /** Names of what is in the folder, in no order. */
  async list(): Promise<string[]> {
    const names: string[] = []
    for await (const batch of batchesOf(this.files)) names.push(...batch.map(({ name }) => name))
    return names
  }

  /** What the folder takes, with all that is below it. */
  async usage(): Promise<FolderUsage> {
    return folderUsage(this.files)
  }

  /** Removes the inputs and outputs; the log stays. */
  async wipeFiles(): Promise<void> {
    await emptyFolder(this.files)
  }

  async remove(): Promise<void> {
    await removeFolder(this.#root)
  }
}

function versionOf({ ino, mtimeMs, ctimeMs, size }: Stats): string {
  return `${ino}:${mtimeMs}:${ctimeMs}:${size}`
}
