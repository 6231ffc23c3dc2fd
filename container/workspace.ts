/** Folders: one per life of this process, in it one per job. */
import { constants, type Stats } from 'node:fs'
import { chmod, chown, type FileHandle, lstat, mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isPlainName } from '../src/ffmpeg/filenames.ts'

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
  const lives = await readdir(jobsDir)
  const ended = lives.filter((name) => /^\d+$/.test(name) && (Number(name) === process.pid || !isAlive(Number(name))))
  await Promise.all(ended.map((name) => rm(join(jobsDir, name), { recursive: true, force: true })))
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

export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

/** A file as it was at some moment. */
export interface MadeFile {
  name: string
  bytes: number
  modified: Date
  /** Another one once the file has been written or replaced. */
  version: string
}

/** Files looked at side by side: a folder may hold any number of them. */
const STATS_AT_ONCE = 256

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
  async openRegular(filename: string): Promise<{ handle: FileHandle; bytes: number } | null> {
    return openRegularAt(this.path(filename))
  }

  /** Opens a zip that `nextPackedPath` has named. The caller closes it. */
  async openPacked(path: string): Promise<{ handle: FileHandle; bytes: number } | null> {
    return openRegularAt(path)
  }

  /** Regular files of the folder itself, by name, in the order of their names. What FFmpeg could not have been told to write is left out. */
  async regularFiles(): Promise<Map<string, MadeFile>> {
    const names = (await this.list()).filter(isPlainName)
    const files = await inBatches(names, async (name): Promise<MadeFile[]> => {
      const stats = await lstat(this.path(name)).catch(() => null)
      if (!stats?.isFile()) return []
      return [{ name, bytes: stats.size, modified: stats.mtime, version: versionOf(stats) }]
    })
    return new Map(files.flat().map((file) => [file.name, file]))
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

  /** Names of what is in the folder, sorted. */
  async list(): Promise<string[]> {
    return (await readdir(this.files)).sort()
  }

  /** Bytes of all files in the folder and below. */
  async usedBytes(): Promise<number> {
    return folderBytes(this.files)
  }

  /** Removes the inputs and outputs; the log stays. */
  async wipeFiles(): Promise<void> {
    const names = await readdir(this.files).catch(() => [])
    await Promise.all(names.map((name) => rm(this.path(name), { recursive: true, force: true })))
  }

  async remove(): Promise<void> {
    await rm(this.#root, { recursive: true, force: true })
  }
}

function versionOf({ ino, mtimeMs, ctimeMs, size }: Stats): string {
  return `${ino}:${mtimeMs}:${ctimeMs}:${size}`
}

/** Files that vanish while they are counted count as nothing. */
async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const sizes = await inBatches(entries, async (entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return folderBytes(path)
    return (await lstat(path).catch(() => null))?.size ?? 0
  })
  return sizes.reduce((sum, size) => sum + size, 0)
}

async function inBatches<In, Out>(items: readonly In[], action: (item: In) => Promise<Out>): Promise<Out[]> {
  const results: Out[] = []
  for (let start = 0; start < items.length; start += STATS_AT_ONCE) {
    results.push(...(await Promise.all(items.slice(start, start + STATS_AT_ONCE).map(action))))
  }
  return results
}

async function openRegularAt(path: string): Promise<{ handle: FileHandle; bytes: number } | null> {
  let handle: FileHandle
  try {
    // Without O_NONBLOCK a named pipe would never open.
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    return null
  }
  const stats = await handle.stat()
  if (stats.isFile()) return { handle, bytes: stats.size }
  await handle.close()
  return null
}
