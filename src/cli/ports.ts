/** TCP ports of this machine. */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { OperatorError } from './operator-error.ts'

export const LOOPBACK = '127.0.0.1'

/** How long the previous owner of a port may take to let go of it: processes of a killed stack end within this time. */
const RELEASE_MS = 2000

/** A port that nothing listens on at the moment. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, LOOPBACK)
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a numeric address')
  return address.port
}

/** Throws an OperatorError when `port` cannot be listened on. */
export async function assertPortFree(port: number): Promise<void> {
  const deadline = Date.now() + RELEASE_MS
  for (;;) {
    const obstacle = await listenError(port)
    if (obstacle === null) return
    if (obstacle !== 'EADDRINUSE') throw new OperatorError(`Cannot listen on port ${port} (${obstacle}): choose another with PORT=…`)
    if (Date.now() > deadline) throw new OperatorError(`Port ${port} is in use: stop what listens there, or choose another with PORT=…`)
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
