/** Which sandbox this machine has, found by trying to break out of it. */
import { randomUUID } from 'node:crypto'
import { chmod, chown, lstat, mkdir, readFile, readlink, realpath, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { findExecutable } from './executable.ts'
import { runToEnd } from './process-group.ts'
import { changesUser, OOM_SCORE_ADJUSTMENT, type ReadablePath, type Sandbox, sandboxedArgv } from './sandbox.ts'
import { noSocketsFilter } from './seccomp.ts'
import type { Settings } from './settings.ts'
import { FIRST_JOB_UID } from './workspace.ts'

/** What FFmpeg needs besides itself: the system's libraries, fonts, and the time zone that `drawtext` prints. */
const SYSTEM_PATHS = [
  ...['/usr', '/bin', '/lib', '/lib32', '/lib64', '/nix/store', '/opt/homebrew'],
  ...['/etc/ld.so.cache', '/etc/alternatives', '/etc/fonts', '/etc/localtime', '/var/cache/fontconfig'],
]

export interface SandboxChoice {
  sandbox: Sandbox
  /** Why each kind that was tried before was not taken. */
  rejected: { kind: Sandbox['kind']; reason: string }[]
}

/** The programs that confinement is made of, as far as they are installed. */
interface Tools {
  setpriv: string | null
  bwrap: string | null
  prlimit: string | null
  choom: string | null
}

/**
 * Picks the first kind that holds, in the order landlock, bwrap, none; or the one the settings demand.
 * `lifeDir` must be a folder that other users can traverse. Throws one line if what is demanded does not hold.
 */
export async function chooseSandbox(
  settings: Pick<Settings, 'sandbox' | 'requireSandbox'>,
  programs: { ffmpeg: string; ffprobe: string },
  lifeDir: string,
  searchPath: string,
): Promise<SandboxChoice> {
  const tools = await findTools(searchPath)
  const readable = await readablePaths([...SYSTEM_PATHS, ...(await installationOf([programs.ffmpeg, programs.ffprobe]))])
  const kinds = settings.sandbox === 'auto' ? (['landlock', 'bwrap', 'none'] as const) : [settings.sandbox]
  const rejected: SandboxChoice['rejected'] = []
  for (const kind of kinds) {
    if (kind === 'none' && settings.requireSandbox) {
      rejected.push({ kind, reason: 'REQUIRE_SANDBOX=1' })
      continue
    }
    const candidate = await build(kind, tools, readable, lifeDir)
    if (candidate === null) {
      rejected.push({ kind, reason: 'not installed' })
      continue
    }
    const reason = await weakness(candidate, programs.ffmpeg, lifeDir)
    if (reason === null) return { sandbox: candidate, rejected }
    rejected.push({ kind, reason })
  }
  throw new Error(`no sandbox holds on this machine: ${rejected.map(({ kind, reason }) => `${kind} (${reason})`).join(', ')}`)
}

async function findTools(searchPath: string): Promise<Tools> {
  const names = ['setpriv', 'bwrap', 'prlimit', 'choom']
  const [setpriv, bwrap, prlimit, choom] = await Promise.all(names.map((name) => findExecutable(name, searchPath)))
  // Other makers' tools of these names (BusyBox has a setpriv) lack the options that matter here.
  const [diesWithParent, limits, scores] = await Promise.all([
    setpriv ? succeeds([setpriv, '--pdeathsig', 'KILL', '--', setpriv, '--version']) : false,
    prlimit ? succeeds([prlimit, '--core=0', '--data=1000000000', '--', prlimit, '--version']) : false,
    choom ? succeeds([choom, '-n', OOM_SCORE_ADJUSTMENT, '--', choom, '--version']) : false,
  ])
  return {
    setpriv: diesWithParent ? (setpriv ?? null) : null,
    bwrap: bwrap ?? null,
    prlimit: limits ? (prlimit ?? null) : null,
    choom: scores ? (choom ?? null) : null,
  }
}

async function succeeds(argv: string[]): Promise<boolean> {
  const { exit } = await runToEnd(argv, { cwd: '/', timeoutSeconds: 5 })
  return exit.kind === 'exited' && exit.code === 0
}

async function build(kind: Sandbox['kind'], tools: Tools, readable: ReadablePath[], lifeDir: string): Promise<Sandbox | null> {
  const { setpriv, bwrap, prlimit, choom } = tools
  switch (kind) {
    case 'landlock':
      return setpriv === null ? null : { kind, setpriv, prlimit, readable, seccompFilter: await writeSeccompFilter(lifeDir) }
    case 'bwrap':
      return bwrap === null ? null : { kind, bwrap, choom, prlimit, readable }
    case 'none':
      return { kind, setpriv, prlimit }
  }
}

async function writeSeccompFilter(lifeDir: string): Promise<string | null> {
  const filter = noSocketsFilter(process.arch)
  if (filter === null) return null
  const path = join(lifeDir, 'no-sockets.bpf')
  await writeFile(path, filter, { mode: 0o644 })
  return path
}

/** The programs themselves, and the `lib` folder beside their `bin`, where they do not live under /usr. */
async function installationOf(programs: string[]): Promise<string[]> {
  const files = [...new Set(await Promise.all(programs.map((program) => realpath(program))))].filter((file) => !file.startsWith('/usr/'))
  return files.flatMap((file) => (basename(dirname(file)) === 'bin' ? [file, join(dirname(dirname(file)), 'lib')] : [file]))
}

async function readablePaths(paths: string[]): Promise<ReadablePath[]> {
  const entries = await Promise.all(paths.map(readablePath))
  return entries.filter((entry) => entry !== null)
}

async function readablePath(path: string): Promise<ReadablePath | null> {
  const stats = await lstat(path).catch(() => null)
  if (stats === null) return null
  if (stats.isSymbolicLink()) return { kind: 'symlink', path, target: await readlink(path) }
  return { kind: stats.isDirectory() ? 'folder' : 'file', path }
}

/**
 * Lets FFmpeg copy a file in its folder, then one outside of it that everybody may read.
 * Null if the first works and the second does not; else what is wrong. For `none` only the first is asked.
 */
async function weakness(sandbox: Sandbox, ffmpeg: string, lifeDir: string): Promise<string | null> {
  const root = join(lifeDir, `proof-${randomUUID()}`)
  const folder = join(root, 'files')
  const canary = join(root, 'canary')
  const secret = randomUUID()
  try {
    await mkdir(folder, { recursive: true })
    await writeFile(canary, secret, { mode: 0o644 })
    await writeFile(join(folder, 'inside'), secret, { mode: 0o644 })
    if (changesUser(sandbox)) await chown(folder, FIRST_JOB_UID, process.getgid?.() ?? 0)
    await Promise.all([root, folder].map((path) => chmod(path, 0o755)))
    const run = async (source: string): Promise<string> => {
      const copy = ['-v', 'error', '-nostdin', '-f', 'data', '-i', source, '-map', '0', '-c', 'copy', '-f', 'data', '-y', 'copied']
      const confinement = { folder, uid: changesUser(sandbox) ? FIRST_JOB_UID : null, fileBytes: 1e6, memoryBytes: 2e9, gate: null }
      const { stderr } = await runToEnd(sandboxedArgv(sandbox, confinement, [ffmpeg, ...copy]), { cwd: folder, timeoutSeconds: 20 })
      return stderr
    }
    const copied = () => readFile(join(folder, 'copied'), 'utf8').catch(() => '')
    const complaint = await run('inside')
    if ((await copied()) !== secret) return `FFmpeg does not run in it: ${complaint.trim().split('\n')[0] || 'no message'}`
    if (sandbox.kind === 'none') return null
    await rm(join(folder, 'copied'))
    await run(canary)
    return (await copied()) === '' ? null : 'a file outside of the sandbox could be read'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  } finally {
    await rm(root, { recursive: true, force: true })
  }
}
