/** The container engine of this machine, as far as running the executor in containers needs it. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { OperatorError } from './operator-error.ts'

/** As workerd names the containers of the `Executor` class, and the sidecar of each. */
const NAME_PREFIX = 'workerd-renderio-Executor-'
const ANSWER_MS = 20_000

/** Throws an OperatorError that says what is missing. */
export async function assertDockerRuns(): Promise<void> {
  try {
    await docker('version', '--format', '{{.Server.Version}}')
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw new OperatorError(
      missing
        ? 'Docker is not installed: install it, or run FFmpeg without containers by `npm run dev`'
        : 'No Docker engine answers: start it, or run FFmpeg without containers by `npm run dev`',
    )
  }
}

/** Removes every container that a stack on this engine has made. */
export async function removeContainers(): Promise<void> {
  const ids = (await docker('ps', '--all', '--quiet', '--filter', `name=^/?${NAME_PREFIX}`)).split('\n').filter(Boolean)
  // One that ends at this moment is as good as removed.
  if (ids.length > 0) await docker('rm', '--force', ...ids).catch(() => {})
}

async function docker(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.env.WRANGLER_DOCKER_BIN ?? 'docker', args, { timeout: ANSWER_MS })
  return stdout
}
