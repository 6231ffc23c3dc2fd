/** Two stacks on one state folder would spoil each other's data, so each holds a lock on its own. */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { OperatorError } from './operator-error.ts'

/** A short name that stands for a state folder where the folder's own path is too long or not reachable. */
export function stateId(stateDir: string): string {
  return createHash('sha256').update(stateDir).digest('hex').slice(0, 12)
}

/**
 * Takes the lock and returns what gives it back. Throws an OperatorError when a living process has it.
 * The lock is a Unix socket that its owner listens on: it answers as long as the owner lives, however it dies.
 * It lies in the temporary folder, since a socket's path may have about a hundred characters only.
 */
export async function lockState(stateDir: string): Promise<() => Promise<void>> {
  const socketPath = path.join(tmpdir(), `renderio-${stateId(stateDir)}.lock`)
  if (await isListening(socketPath)) {
    throw new OperatorError(`${stateDir} is in use by another stack: stop that one, or choose another folder with STATE_DIR=…`)
  }
  await rm(socketPath, { force: true })
  const server = createServer((connection) => connection.destroy()).listen(socketPath)
  await once(server, 'listening')
  server.unref()
  return async () => {
    await server[Symbol.asyncDispose]()
  }
}

async function isListening(socketPath: string): Promise<boolean> {
  const connection = createConnection(socketPath)
  try {
    await once(connection, 'connect')
    return true
  } catch {
    return false
  } finally {
    connection.destroy()
  }
}
