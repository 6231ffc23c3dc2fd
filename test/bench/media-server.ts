/** Serves the files of the folder it is given, on a free port that it tells its parent. A process, so that it and who measures share no thread. */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'

const [, , folder = '.'] = process.argv

const server = createServer(async (request, response) => {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const file = path.join(folder, path.basename(url.pathname))
  const size = (await stat(file).catch(() => null))?.size
  if (size === undefined) return response.writeHead(404).end()
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
  response.writeHead(start ? 206 : 200, {
    'content-length': size - start,
    etag: '"1"',
    ...(start > 0 && { 'content-range': `bytes ${start}-${size - 1}/${size}` }),
  })
  const source = createReadStream(file, { start, highWaterMark: 1 << 20 })
  const megabits = url.searchParams.get('megabits')
  const sent = megabits === null ? pipeline(source, response) : pipeline(source, pacedAt(Number(megabits)), response)
  await sent.catch(() => undefined)
})

/** Lets so many megabits a second through. */
function pacedAt(megabits: number) {
  return async function* (source: AsyncIterable<Buffer>) {
    let due = performance.now()
    for await (const chunk of source) {
      due += (chunk.length * 8) / (megabits * 1000)
      const early = due - performance.now()
      if (early > 1) await sleep(early)
      yield chunk
    }
  }
}

server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
// A terminal's Ctrl-C is for its parent, which ends it in its turn.
process.on('SIGINT', () => undefined)
// Its parent has told it to end, or has ended.
process.once('disconnect', () => process.exit())
