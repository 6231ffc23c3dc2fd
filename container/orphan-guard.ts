/**
 * Ends every program when this process dies, however it dies: a shell is told over a pipe which process groups live, and kills them when
 * the pipe breaks. The kernel can do the same where there is `setpriv --pdeathsig` or bwrap, but not for a program that has only just been
 * started, which would then wait at its gate for ever.
 */
import { type ChildProcess, spawn } from 'node:child_process'

/** Reads `+PID` and `-PID` lines; at the end of input kills the groups that are left. */
const SCRIPT = `
groups=" "
while read -r line; do
  case $line in
    +*) groups="$groups\${line#+} " ;;
    -*) groups="\${groups%% \${line#-} *} \${groups#* \${line#-} }" ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
`

let guard: ChildProcess | null = null

/** Starts the guard; from then on `watchOrphans` reports to it. */
export function startOrphanGuard(): void {
  // A session of its own: a Ctrl-C or a signal to this process's group must not take the guard along.
  guard = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'ignore', 'ignore'], detached: true, env: {} })
  guard.on('error', () => {})
  guard.stdin?.on('error', () => {})
  guard.unref()
}

/** Has the group killed should this process die. Call what it returns once the group has ended. Does nothing without a guard. */
export function watchOrphans(groupId: number): () => void {
  const tell = (line: string) => guard?.stdin?.write(`${line}\n`)
  tell(`+${groupId}`)
  return () => tell(`-${groupId}`)
}
