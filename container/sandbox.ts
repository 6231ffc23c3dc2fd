/**
 * What stands between FFmpeg and the machine: the argv that a sandboxed program is started with.
 * Pure; `sandbox-choice.ts` finds out which kind this machine has and proves it.
 */

/** All that FFmpeg gets as environment. It is started by its absolute path; this is for what a library may look up. */
export const CHILD_ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin' } as const

/** A path that programs may read, or that is an alias of one, as distributions with a merged /usr have them. */
export type ReadablePath =
  | { kind: 'folder'; path: string }
  | { kind: 'file'; path: string }
  | { kind: 'symlink'; path: string; target: string }

export type Sandbox =
  | { kind: 'landlock'; setpriv: string; prlimit: string | null; readable: ReadablePath[]; seccompFilter: string | null }
  | { kind: 'bwrap'; bwrap: string; choom: string | null; prlimit: string | null; readable: ReadablePath[] }
  | { kind: 'none'; setpriv: string | null; prlimit: string | null }

/** What one program may do. */
export interface Confinement {
  /** Working directory, and the only folder it may read and write. */
  folder: string
  /** User and group to become; null to stay who this process is. */
  uid: number | null
  /** Size that a file may grow to, in bytes. */
  fileBytes: number
  /** Memory it may allocate, in bytes. */
  memoryBytes: number
  /** A named pipe outside of the folder that it may open for writing; null for none. */
  gate: string | null
}

/** The kernel, short of memory, ends these programs before it ends this process. */
export const OOM_SCORE_ADJUSTMENT = '1000'

/** Threads and processes of one job: far above what FFmpeg starts on the largest machines, far below what hurts. */
const MAX_TASKS = 4096

/** The argv that runs `argv` (its first element an absolute path) in the sandbox. Every kind ends the program when this process dies, where the tools are there. */
export function sandboxedArgv(sandbox: Sandbox, confinement: Confinement, argv: readonly string[]): string[] {
  return [...limits(sandbox, confinement), ...walls(sandbox, confinement), ...argv]
}

/** Whether programs run as a user of their own, so that `Confinement.uid` is wanted. */
export function changesUser(sandbox: Sandbox): boolean {
  return sandbox.kind === 'landlock' && process.getuid?.() === 0
}

/** The sandbox's own complaint if it, and not the program in it, ended the run; null otherwise. */
export function launcherComplaint(stderr: string): string | null {
  return /^(?:\/\S*\/)?(?:setpriv|bwrap|prlimit|choom): .*/.exec(stderr)?.[0] ?? null
}

function limits(sandbox: Sandbox, { uid, fileBytes, memoryBytes }: Confinement): string[] {
  if (sandbox.prlimit === null) return []
  return [
    sandbox.prlimit,
    '--core=0',
    `--fsize=${Math.ceil(fileBytes)}`,
    // Not --as: address space counts what threads and allocators reserve and never touch.
    `--data=${Math.ceil(memoryBytes)}`,
    // The kernel counts per user, so this needs a user that runs nothing else.
    ...(uid === null ? [] : [`--nproc=${MAX_TASKS}`]),
    '--',
  ]
}

function walls(sandbox: Sandbox, confinement: Confinement): string[] {
  switch (sandbox.kind) {
    case 'landlock':
      return landlock(sandbox, confinement)
    case 'bwrap':
      return bwrap(sandbox, confinement)
    case 'none':
      return sandbox.setpriv === null ? [] : [sandbox.setpriv, '--pdeathsig', 'KILL', '--']
  }
}

const READ_FOLDER = 'execute,read-file,read-dir'
const READ_FILE = 'execute,read-file'
/** No symbolic links, sockets, pipes or device nodes, and nothing written here can be executed. */
const USE_JOB_FOLDER = 'read-file,read-dir,write-file,truncate,make-reg,make-dir,remove-file,remove-dir'

function landlock(sandbox: Extract<Sandbox, { kind: 'landlock' }>, { folder, uid, gate }: Confinement): string[] {
  const user = uid === null ? [] : ['--reuid', `${uid}`, '--regid', `${uid}`, '--clear-groups']
  const readable = sandbox.readable.flatMap((entry) => {
    // Landlock follows what a path leads to, so an alias needs no rule of its own.
    if (entry.kind === 'symlink') return []
    return rule(entry.kind === 'folder' ? READ_FOLDER : READ_FILE, entry.path)
  })
  return [
    sandbox.setpriv,
    ...['--pdeathsig', 'KILL'],
    ...user,
    '--no-new-privs',
    ...['--landlock-access', 'fs'],
    ...readable,
    ...rule('read-file,write-file', '/dev/null'),
    ...rule('read-file', '/dev/zero'),
    ...rule('read-file', '/dev/urandom'),
    ...rule(USE_JOB_FOLDER, folder),
    ...(gate === null ? [] : rule('write-file', gate)),
    ...(sandbox.seccompFilter === null ? [] : ['--seccomp-filter', sandbox.seccompFilter]),
    '--',
  ]
}

function rule(access: string, path: string): string[] {
  return ['--landlock-rule', `path-beneath:${access}:${path}`]
}

function bwrap(sandbox: Extract<Sandbox, { kind: 'bwrap' }>, { folder, gate }: Confinement): string[] {
  const readable = sandbox.readable.flatMap((entry) =>
    entry.kind === 'symlink' ? ['--symlink', entry.target, entry.path] : ['--ro-bind', entry.path, entry.path],
  )
  return [
    // bwrap starts programs of its own, which inherit what is set before.
    ...(sandbox.choom === null ? [] : [sandbox.choom, '-n', OOM_SCORE_ADJUSTMENT, '--']),
    sandbox.bwrap,
    // No --new-session: every program already starts in a session of its own, and its group can be signalled this way.
    ...['--unshare-all', '--die-with-parent', '--cap-drop', 'ALL', '--uid', '65534', '--gid', '65534'],
    ...['--clearenv', '--setenv', 'PATH', CHILD_ENVIRONMENT.PATH],
    ...readable,
    ...['--dev', '/dev', '--bind', folder, folder, '--chdir', folder],
    ...(gate === null ? [] : ['--bind', gate, gate]),
    // What bwrap makes up itself is memory without a limit.
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
    '--',
  ]
}
