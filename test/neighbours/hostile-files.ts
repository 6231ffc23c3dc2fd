/** Files that are made to take much of whoever reads them, and a server that has them. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { deflateRawSync } from 'node:zlib'
import { zipArchive } from '../support/zip-archive.ts'

const MEGABYTE = 1024 ** 2
const MILLISECONDS_FOR_A_MEGABYTE = 80

/** One line that a pattern which goes back from its end reads again and again. */
export const questionMarks = (count: number): string => `#EXTM3U\n${'?'.repeat(count)}\rx`

/** Lines that say nothing. */
export const comments = (bytes: number): string => `#EXTM3U\n${'#\n'.repeat(bytes / 2)}`

/** Templates, each of which may stand for any file beside it. */
export const templates = (count: number, template: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => ` media="${template(index)}"`).join('')

/** A zip of small files, each in a folder of its own. */
export const manyEntries = (count: number): Buffer<ArrayBuffer> =>
  zipArchive(Array.from({ length: count }, (_, index) => ({ name: `${index}/a.txt`, content: 'x', method: 0 })))

/** A zip whose entries all have the same few bytes, which become many: each is so many megabytes of zeros. */
export function zipBomb(entries: number, megabytes: number): Buffer<ArrayBuffer> {
  const content = Buffer.alloc(megabytes * MEGABYTE)
  const deflated = deflateRawSync(content)
  return zipArchive(Array.from({ length: entries }, (_, index) => ({ name: `${index}.bin`, content, deflated })))
}

export interface HostileServer {
  /** The URL of a file. */
  urlOf(file: string | Uint8Array): string
  /** The URL of so many zeros, which come without their number being told first, ten of them at a time as fast as a gigabit line brings them. */
  urlOfZeros(megabytes: number): string
  stop(): void
}

export async function startHostileServer(): Promise<HostileServer> {
  const files: (string | Uint8Array)[] = []
  const zeros = Buffer.alloc(MEGABYTE)
  const server = createServer(async (request, response) => {
    const [, kind, number] = (request.url ?? '').split('/')
    response.on('error', () => {})
    if (kind === 'file') response.end(files[Number(number)] ?? '')
    else {
      for (let left = Number(number); left > 0 && !response.destroyed; left -= 1) {
        response.write(zeros)
        await sleep(MILLISECONDS_FOR_A_MEGABYTE)
      }
      response.end()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const origin = `http://127.0.0.1:${port}`
  return {
    urlOf: (file) => `${origin}/file/${files.push(file) - 1}`,
    urlOfZeros: (megabytes) => `${origin}/zeros/${megabytes}`,
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
