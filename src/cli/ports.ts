/** TCP ports of this machine. */
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { OperatorError } from './operator-error.ts'

export const LOOPBACK = '127.0.0.1'

/** How long the previous owner of a port may take to let go of it: processes of a killed stack end within this time. */
const RELEASE_MS = 2000

/** Below what Linux (from 32768) and macOS (from 49152) hand out by themselves: nothing on its way to some free port takes one of these in between. */
const FIRST_PORT = 20_000
const LAST_PORT = 32_767

/** A port that nothing listens on at the moment. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1)
    if ((await listenError(port)) === null) return port
  }
}

/** Throws an OperatorError when `port`, which the environment's `variable` names, cannot be listened on. */
export async function assertPortFree(port: number, variable: 'PORT' | 'EXECUTOR_PORT'): Promise<void> {
  const deadline = Date.now() + RELEASE_MS
  for (;;) {
    const obstacle = await listenError(port)
    if (obstacle === null) return
    if (obstacle !== 'EADDRINUSE') throw new OperatorError(`Cannot listen on port ${port} (${obstacle}): choose another with ${variable}=…`)
    if (Date.now() > deadline)
      throw new OperatorError(`Port ${port} is in use: stop what listens there, or choose another with ${variable}=…`)
    await sleep(100)
  }
}

/** macOS lets a loopback listener stand beside a wildcard one, so both are tried. */
async function listenError(port: number): Promise<string | null> {
  for (const host of [LOOPBACK, undefined]) {
    const server = createServer()
    try {
      server.listen(port, host)
      await once(server, 'listening')
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error)
    } finally {
      server.close()
    }
  }
  return null
}
