/** A server of one input that stops half way until it is told to go on: holds a command in DOWNLOADING. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface GatedServer {
  url: string
  /** Of each request so far, the first byte that it asked for. */
  starts: readonly number[]
  /** Lets the second half through, now and for every later request. */
  open(): void
  stop(): Promise<void>
}

export async function startGatedServer(file: Buffer): Promise<GatedServer> {
  let isOpen = false
  const held = new Set<() => void>()
  const starts: number[] = []
  const server = createServer((request, response) => {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    starts.push(start)
    const half = Math.max(start, Math.floor(file.length / 2))
    response.writeHead(start > 0 ? 206 : 200, {
      etag: '"v1"',
      'content-length': file.length - start,
      ...(start > 0 && { 'content-range': `bytes ${start}-${file.length - 1}/${file.length}` }),
    })
    response.write(file.subarray(start, half))
    const rest = () => response.end(file.subarray(half))
    if (isOpen) rest()
    else held.add(rest)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${address.port}/input.mp4`,
    starts,
    open() {
      isOpen = true
      for (const release of held) release()
      held.clear()
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
