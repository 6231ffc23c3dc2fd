/** The container engine of this machine, as far as running the executor in containers needs it. */
import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { OperatorError } from './operator-error.ts'

/** workerd names the container of an object of the `Executor` class by this and the object's id, and the sidecar of each by a suffix more. */
const NAME_PREFIX = 'workerd-renderio-Executor-'
const SIDECAR_SUFFIX = '-proxy'
/** In a state folder: a file for each object that there ever was, named by its id. */
const OBJECTS = 'v3/do/renderio-Executor'
const OBJECT_ID = /^([0-9a-f]{64})\./
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

/** Removes every container that stacks on this state folder have made, and no other: another stack may use the same engine. */
export async function removeContainers(stateDir: string): Promise<void> {
  const objects = await readdir(path.join(stateDir, OBJECTS)).catch(() => [])
  const names = objects.flatMap((file) => {
    const [, id] = OBJECT_ID.exec(file) ?? []
    return id === undefined ? [] : [NAME_PREFIX + id, NAME_PREFIX + id + SIDECAR_SUFFIX]
  })
  const own = new Set(names)
  const all = await docker('ps', '--all', '--filter', `name=^/?${NAME_PREFIX}`, '--format', '{{.Names}}')
  const left = all.split('\n').filter((name) => own.has(name))
  // One that ends at this moment is as good as removed.
  if (left.length > 0) await docker('rm', '--force', ...left).catch(() => {})
}

/**
 * Environment in which wrangler uses the same engine without removing what is not its own: where it ends, it would remove every container of
 * the image that it has built, and the same image runs in other stacks.
 */
export function dockerForWrangler(): Readonly<Record<string, string>> {
  return { WRANGLER_DOCKER_BIN: path.join(import.meta.dirname, 'docker-for-wrangler.sh'), RENDERIO_DOCKER_BIN: program() }
}

/** The docker command, which may be a stand-in for it. */
function program(): string {
  return process.env.WRANGLER_DOCKER_BIN ?? 'docker'
}

async function docker(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program(), args, { timeout: ANSWER_MS })
  return stdout
}
