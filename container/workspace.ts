/** Folders: one per life of this process, in it one per job. */
import { constants } from 'node:fs'
import { chmod, chown, type FileHandle, lstat, mkdir, mkdtemp, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

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

let jobsMade = 0

/** A job's folder: `files` belongs to FFmpeg, what is beside it does not. */
export class Workspace {
  /** FFmpeg's working directory: inputs and outputs, nothing else. */
  readonly files: string
  readonly logPath: string
  /** The user that FFmpeg becomes, null if it stays this process's. */
  readonly uid: number | null
  readonly #root: string

  private constructor(root: string, uid: number | null) {
    this.#root = root
    this.files = join(root, 'files')
    this.logPath = join(root, 'ffmpeg.log')
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

  /** Opens a regular file for reading, never through a link; null if there is none. The caller closes it. */
  async openRegular(filename: string): Promise<{ handle: FileHandle; bytes: number } | null> {
    let handle: FileHandle
    try {
      // Without O_NONBLOCK a named pipe would never open.
      handle = await open(this.path(filename), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    } catch {
      return null
    }
    const stats = await handle.stat()
    if (stats.isFile()) return { handle, bytes: stats.size }
    await handle.close()
    return null
  }

  /** Size of a regular file in bytes; null if there is none by that name. */
  async fileBytes(filename: string): Promise<number | null> {
    const stats = await lstat(this.path(filename)).catch(() => null)
    return stats?.isFile() ? stats.size : null
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

/** Files that vanish while they are counted count as nothing. */
async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  const sizes = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return folderBytes(path)
      return (await lstat(path).catch(() => null))?.size ?? 0
    }),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
