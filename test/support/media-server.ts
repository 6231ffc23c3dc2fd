/** Serves small real media files, and misbehaves on demand as servers of inputs do. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

export interface MediaServer {
  /** Without a trailing slash. */
  url: string
  /** How often each path was asked for, with the Range header of each request. */
  requests: { path: string; range: string | null }[]
  stop(): Promise<void>
}

const SAMPLES: Record<string, string[]> = {
  'tiny.mp4': ['-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=25:d=1', '-f', 'lavfi', '-i', 'sine=d=1', '-c:v', 'libx264', '-c:a', 'aac'],
  'tone.wav': ['-f', 'lavfi', '-i', 'sine=d=1'],
}

/**
 * Paths: `/<sample>` · `/cut/<n>/<sample>` breaks the connection half way the first n times ·
 * `/norange/<n>/<sample>` likewise, by a server without ranges or validators ·
 * `/status/<code>/<anything>` · `/redirect/<n>/<path>` · `/slow/<ms>/<sample>` sends the second half that much later ·
 * `/big/<bytes>` zeros · `/hang` never answers.
 */
export async function startMediaServer(): Promise<MediaServer> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'renderio-media-'))
  const files = new Map<string, Buffer>()
  await Promise.all(
    Object.entries(SAMPLES).map(async ([name, args]) => {
      const file = path.join(folder, name)
      await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', ...args, file])
      files.set(name, await readFile(file))
    }),
  )
  await rm(folder, { recursive: true })

  const requests: MediaServer['requests'] = []
  const seen = new Map<string, number>()
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    requests.push({ path: url.pathname, range: request.headers.range ?? null })
    const times = (seen.get(url.pathname) ?? 0) + 1
    seen.set(url.pathname, times)
    answer(url.pathname, times, request, response, files)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function answer(pathname: string, times: number, request: IncomingMessage, response: ServerResponse, files: Map<string, Buffer>): void {
  const [, kind = '', argument = '', ...rest] = pathname.split('/')
  switch (kind) {
    case 'hang':
      return
    case 'status':
      response.writeHead(Number(argument)).end('no')
      return
    case 'redirect': {
      const left = Number(argument)
      response.writeHead(302, { location: left > 1 ? `/redirect/${left - 1}/${rest.join('/')}` : `/${rest.join('/')}` }).end()
      return
    }
    case 'big':
      sendZeros(Number(argument.replace(/\D.*$/, '')), response)
      return
    case 'cut':
    case 'norange':
    case 'slow': {
      const file = files.get(rest[0] ?? '')
      if (!file) break
      const half = Math.floor(file.length / 2)
      if (kind === 'slow') {
        response.writeHead(200, { 'content-length': file.length })
        response.write(file.subarray(0, half))
        setTimeout(() => response.end(file.subarray(half)), Number(argument))
      } else if (times <= Number(argument)) {
        response.writeHead(200, { 'content-length': file.length, ...(kind === 'cut' && { etag: '"v1"' }) })
        response.write(file.subarray(0, half), () => response.destroy())
      } else {
        sendRange(file, kind === 'cut' ? request.headers.range : undefined, response)
      }
      return
    }
    default: {
      const file = files.get(kind)
      if (!file) break
      sendRange(file, request.headers.range, response)
      return
    }
  }
  response.writeHead(404).end('no such file')
}

function sendRange(file: Buffer, range: string | undefined, response: ServerResponse): void {
  const start = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0)
  const headers = { etag: '"v1"', 'content-length': file.length - start }
  if (start > 0) response.writeHead(206, { ...headers, 'content-range': `bytes ${start}-${file.length - 1}/${file.length}` })
  else response.writeHead(200, headers)
  response.end(file.subarray(start))
}

function sendZeros(bytes: number, response: ServerResponse): void {
  response.writeHead(200, { 'content-length': bytes })
  const chunk = Buffer.alloc(1 << 20)
  let left = bytes
  const more = () => {
    while (left > 0) {
      const size = Math.min(left, chunk.length)
      left -= size
      if (!response.write(chunk.subarray(0, size))) {
        response.once('drain', more)
        return
      }
    }
    response.end()
  }
  more()
}
