/** Prey laid out for one attack, and how a test finds out that the attack got to it. */
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { chmod, mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { Prey } from './attacks.ts'

const CANARY = 'canary.ts'
/** Older than any file system's rule that spares it noting a read. */
const NEVER_READ = new Date('2001-01-01T00:00:00Z')

export class Trap {
  readonly prey: Prey
  readonly #canary: Uint8Array<ArrayBuffer>
  readonly #listener: Listener

  private constructor(prey: Prey, canary: Uint8Array<ArrayBuffer>, listener: Listener) {
    this.prey = prey
    this.#canary = canary
    this.#listener = listener
  }

  /** Makes the folder, and in it a file of these bytes; both are everybody's to read and write, so that only a sandbox protects them. */
  static async inNewFolder(folder: string, canary: Uint8Array<ArrayBuffer>): Promise<Trap> {
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, CANARY), canary)
    await chmod(join(folder, CANARY), 0o666)
    await chmod(folder, 0o777)
    return Trap.around(folder, canary)
  }

  /** Watches a folder that holds one file, `canary.ts`, of these bytes. */
  static async around(folder: string, canary: Uint8Array<ArrayBuffer>): Promise<Trap> {
    const file = join(folder, CANARY)
    await utimes(file, NEVER_READ, new Date())
    const listener = await Listener.start()
    return new Trap({ file, folder, listener: listener.address }, canary, listener)
  }

  /** Everything that happened to the prey, in words; empty if nothing did. A read is seen where the file system notes reads. */
  async disturbances(): Promise<string[]> {
    const { file, folder } = this.prey
    // Before this looks at the bytes itself.
    const readAt = (await stat(file)).atime
    const added = (await readdir(folder)).filter((name) => name !== CANARY)
    return [
      ...(readAt > NEVER_READ ? ['the canary was read'] : []),
      ...((await readFile(file)).equals(this.#canary) ? [] : ['the canary was changed']),
      ...added.map((name) => `new beside the canary: ${name}`),
      ...this.#listener.visits,
    ]
  }

  close(): void {
    this.#listener.close()
  }
}

/** One port of the loopback interface, for connections and for datagrams. */
class Listener {
  readonly address: string
  readonly visits: string[] = []
  readonly #server: Server
  readonly #socket: Socket

  private constructor(server: Server, socket: Socket, port: number) {
    this.address = `127.0.0.1:${port}`
    this.#server = server
    this.#socket = socket
    server.on('connection', (connection) => {
      this.visits.push('the listener was connected to')
      connection.on('error', () => {}).destroy()
    })
    socket.on('message', () => this.visits.push('the listener was sent a datagram'))
  }

  static async start(): Promise<Listener> {
    const server = createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const bound = server.address()
    const port = typeof bound === 'object' && bound !== null ? bound.port : 0
    const socket = createSocket('udp4')
    socket.bind(port, '127.0.0.1')
    try {
      await once(socket, 'listening')
    } catch {
      // That port is somebody's for datagrams.
      server.close()
      return Listener.start()
    }
    return new Listener(server, socket, port)
  }

  close(): void {
    this.#server.close()
    this.#socket.close()
  }
}
