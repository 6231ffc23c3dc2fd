/** The inputs of the benchmark, made by FFmpeg once per run and served from disk. */
import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const SAMPLES: Record<string, string[]> = {
  'tiny.mp4': ['-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25:d=1', '-f', 'lavfi', '-i', 'sine=d=1', '-c:v', 'libx264', '-c:a', 'aac'],
  '30s.mp4': [
    '-f',
    'lavfi',
    '-i',
    'testsrc2=s=1280x720:r=25:d=30',
    '-f',
    'lavfi',
    '-i',
    'sine=d=30',
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-c:a',
    'aac',
  ],
  '50mb.mov': uncompressed(1.45),
  '100mb.mov': uncompressed(2.9),
  '500mb.mov': uncompressed(14.5),
}

/** 34.6 MB a second. */
function uncompressed(seconds: number): string[] {
  return ['-f', 'lavfi', '-i', `testsrc2=s=1280x720:r=25:d=${seconds}`, '-c:v', 'rawvideo', '-pix_fmt', 'yuv420p']
}

export interface BenchMedia {
  url: (name: string) => string
  stop: () => Promise<void>
}

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

/** Makes the named samples and serves them: at full speed, or with `?megabits=N` at so many a second and connection. */
export async function startBenchMedia(names: string[]): Promise<BenchMedia> {
  const folder = await mkdtemp(path.join(tmpdir(), 'renderio-bench-'))
  for (const name of names) {
    await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', ...(SAMPLES[name] ?? []), path.join(folder, name)])
  }
  const server = createServer(async (request, response) => {
    const file = path.join(folder, path.basename((request.url ?? '').replace(/\?.*$/, '')))
    const size = (await stat(file).catch(() => null))?.size
    if (size === undefined) return response.writeHead(404).end()
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    response.writeHead(start ? 206 : 200, {
      'content-length': size - start,
      etag: '"1"',
      ...(start > 0 && { 'content-range': `bytes ${start}-${size - 1}/${size}` }),
    })
    const megabits = Number(new URL(request.url ?? '/', 'http://localhost').searchParams.get('megabits') ?? Number.POSITIVE_INFINITY)
    await pipeline(createReadStream(file, { start, highWaterMark: 1 << 20 }), pacedAt(megabits), response).catch(() => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: (name) => `http://127.0.0.1:${port}/${name}`,
    stop: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(folder, { recursive: true })
    },
  }
}
