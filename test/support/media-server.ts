/** Serves small real media files, and misbehaves on demand as servers of inputs do. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { FFMPEG } from '../machine/ffmpeg.ts'
import type { MediaRequest } from './media-request.ts'
import { zipArchive } from './zip-archive.ts'

export interface MediaServer {
  /** Without a trailing slash. */
  url: string
  stop(): Promise<void>
}

const SAMPLES: Record<string, string[]> = {
  'tiny.mp4': ['-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=25:d=1', '-f', 'lavfi', '-i', 'sine=d=1', '-c:v', 'libx264', '-c:a', 'aac'],
  'tone.wav': ['-f', 'lavfi', '-i', 'sine=d=1'],
  'long.wav': ['-f', 'lavfi', '-i', 'sine=d=20'],
}

/**
 * Paths; a query makes a target of its own, with counts of its own:
 * - `/<sample>`, `/album.zip` (two tones and a list of them), `/escape.zip` (a name that climbs out),
 *   `/inputs.txt` (a list for concat of inputs, by the last part of a URL and by an alias)
 * - `/cut/<n>/<sample>` breaks the connection half way the first n times; `/norange/<n>/<sample>` likewise, without ranges or validators
 * - `/breaks/<name>/<sample>` breaks the first connection half way once `/open/<name>` was asked for
 * - `/changing/<sample>` breaks the first one half way, and has become another version of the file since
 * - `/unconditional/<how>/<sample>` likewise, and then sends a part of it to whoever wants to go on with the old one, whatever If-Range says:
 *   by its `etag`, its `date`, its `size`, or as it is `encoded`, the part is of another file
 * - `/unquoted/<sample>` breaks the first one half way, and has an ETag without quotes, and a date
 * - `/silent/<n>/<sample>` sends one byte, and then nothing any more, the first n times
 * - `/failing/<n>/<code>/<sample>` answers with the code the first n times
 * - `/held/<name>/<sample>` stops half way until `/open/<name>` was asked for, and goes on at once from where a Range begins;
 *   `/stubborn/<name>/<sample>` likewise, but every time from the beginning, whatever it is asked for
 * - `/unsized/<sample>` does not say how long the file is
 * - `/pattern/<bytes>` a file whose bytes differ from place to place
 * - `/gate/<name>/<sample>` sends the second half once `/open/<name>` was asked for
 * - `/slow/<ms>/<sample>` answers so much later; `/paced/<bytes>/<sample>` sends so many bytes a second,
 *   and `/paced/<bytes>/<bytes>` so many zeros
 * - `/status/<code>`, `/hang` never answers
 * - `/says/<code>/<name>?type=<type>&body=<text>` answers with this code, Content-Type and body
 * - `/redirect/<n>/<path>` redirects n times; `/location?<url>` redirects there
 * - `/big/<bytes>` and `/chunked/<bytes>` zeros, with and without a Content-Length
 * - `/requests?<target>` the requests for that target so far, as JSON
 */
export async function startMediaServer(): Promise<MediaServer> {
  const site = new Site(await makeSamples())
  const server = createServer((request, response) => site.answer(request, response))
  // A client that reuses a connection must not meet its end.
  server.keepAliveTimeout = 10 * 60_000
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function makeSamples(): Promise<Map<string, Buffer>> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'renderio-media-'))
  const files = new Map<string, Buffer>()
  await Promise.all(
    Object.entries(SAMPLES).map(async ([name, args]) => {
      const file = path.join(folder, name)
      await promisify(execFile)(FFMPEG, ['-v', 'error', '-y', ...args, file])
      files.set(name, await readFile(file))
    }),
  )
  await rm(folder, { recursive: true })
  const tone = files.get('tone.wav') ?? ''
  const list = { name: 'list.txt', content: "file 'tones/1.wav'\nfile '2.wav'\n" }
  files.set('album.zip', zipArchive([list, { name: 'tones/1.wav', content: tone }, { name: '2.wav', content: tone }]))
  files.set('inputs.txt', Buffer.from("file 'tone.wav'\nfile 'in_b'\n"))
  files.set('escape.zip', zipArchive([list, { name: '../2.wav', content: tone }]))
  return files
}

class Site {
  readonly #files: Map<string, Buffer>
  readonly #requests: MediaRequest[] = []
  readonly #gates = new Map<string, PromiseWithResolvers<void>>()

  constructor(files: Map<string, Buffer>) {
    this.#files = files
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', 'http://localhost')
    const [, kind = '', ...rest] = url.pathname.split('/')
    if (kind === 'requests') {
      const target = decodeURIComponent(url.search.slice(1))
      response.end(JSON.stringify(this.#requests.filter((seen) => seen.target === target)))
      return
    }
    const target = url.pathname + url.search
    this.#requests.push({ target, range: request.headers.range ?? null, ifRange: headerOf(request, 'if-range') })
    const times = this.#requests.filter((seen) => seen.target === target).length
    const file = this.#files.get(rest.at(-1) ?? kind)
    const [argument = '', second = ''] = rest
    switch (kind) {
      case 'hang':
        return
      case 'status':
        response.writeHead(Number(argument)).end('no')
        return
      case 'says': {
        const type = url.searchParams.get('type')
        response.writeHead(Number(argument), type === null ? {} : { 'content-type': type }).end(url.searchParams.get('body') ?? '')
        return
      }
      case 'open':
        this.#gate(argument).resolve()
        response.end()
        return
      case 'redirect': {
        const left = Number(argument)
        const place = rest.slice(1).join('/')
        response.writeHead(302, { location: left > 1 ? `/redirect/${left - 1}/${place}` : `/${place}` }).end()
        return
      }
      case 'location':
        response.writeHead(302, { location: decodeURIComponent(url.search.slice(1)) }).end()
        return
      case 'big':
      case 'chunked':
        sendZeros(Number(argument), kind === 'big', response)
        return
      case 'pattern':
        sendRange(patternOf(Number(argument)), '"v1"', request, response)
        return
    }
    if (kind === 'paced') {
      sendRange(file ?? Buffer.alloc(Number(second)), '"v1"', request, response, Number(argument))
      return
    }
    if (!file) {
      response.writeHead(404).end('no such file')
      return
    }
    switch (kind) {
      case 'gate':
        this.#sendInHalves(file, argument, {}, response)
        return
      case 'held':
        if (request.headers.range === undefined) this.#sendInHalves(file, argument, { etag: '"v1"' }, response)
        else sendRange(file, '"v1"', request, response)
        return
      case 'stubborn':
        this.#sendInHalves(file, argument, { etag: '"v1"' }, response)
        return
      case 'unsized':
        response.writeHead(200, { etag: '"v1"' })
        response.write(file.subarray(0, 1000))
        response.end(file.subarray(1000))
        return
      case 'slow':
        void sleep(Number(argument)).then(() => sendRange(file, '"v1"', request, response))
        return
      case 'failing':
        if (times <= Number(argument)) response.writeHead(Number(second)).end('no')
        else sendRange(file, '"v1"', request, response)
        return
      case 'cut':
        if (times <= Number(argument)) sendHalf(file, { etag: '"v1"' }, response)
        else sendRange(file, '"v1"', request, response)
        return
      case 'breaks':
        if (times === 1) sendHalf(file, { etag: '"v1"' }, response, this.#gate(argument).promise)
        else sendRange(file, '"v1"', request, response)
        return
      case 'norange':
        if (times <= Number(argument)) sendHalf(file, {}, response)
        else response.writeHead(200, { 'content-length': file.length }).end(file)
        return
      case 'changing':
        if (times === 1) sendHalf(file, { etag: '"v1"' }, response)
        else sendRange(file, '"v2"', request, response)
        return
      case 'unconditional': {
        const before = argument === 'date' ? { 'last-modified': new Date(0).toUTCString() } : { etag: '"v1"' }
        if (times === 1) sendHalf(file, before, response)
        else if (request.headers.range === undefined) response.writeHead(200, { 'content-length': file.length }).end(file)
        else sendPartOfAnother(argument, file.length, startOf(request.headers.range), response)
        return
      }
      case 'unquoted':
        response.setHeader('last-modified', new Date(0).toUTCString())
        if (times === 1) sendHalf(file, { etag: 'v1' }, response)
        else sendRange(file, 'v1', request, response)
        return
      case 'silent':
        if (times > Number(argument)) sendRange(file, '"v1"', request, response)
        else response.writeHead(200, { 'content-length': file.length }).write(file.subarray(0, 1))
        return
      default:
        sendRange(file, '"v1"', request, response)
    }
  }

  #gate(name: string): PromiseWithResolvers<void> {
    const known = this.#gates.get(name)
    if (known) return known
    const gate = Promise.withResolvers<void>()
    this.#gates.set(name, gate)
    return gate
  }

  #sendInHalves(file: Buffer, gate: string, headers: Record<string, string>, response: ServerResponse): void {
    const half = Math.floor(file.length / 2)
    response.writeHead(200, { ...headers, 'content-length': file.length })
    response.write(file.subarray(0, half))
    void this.#gate(gate).promise.then(() => response.end(file.subarray(half)))
  }
}

function headerOf(request: IncomingMessage, name: string): string | null {
  return request.headers[name]?.toString() ?? null
}

/**
 * The first half of the file, then a broken connection.
 * @param end when it breaks; unless said, late enough for the half to have gone through to whom it is meant for.
 */
function sendHalf(file: Buffer, headers: Record<string, string>, response: ServerResponse, end: Promise<void> = sleep(2000)): void {
  response.writeHead(200, { ...headers, 'content-length': file.length })
  response.write(file.subarray(0, Math.floor(file.length / 2)))
  void end.then(() => response.destroy())
}

/** The first byte that a Range asks for. */
function startOf(range: string | undefined): number {
  return Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0)
}

/** The rest of the file from where the request asks, as long as the file is still the one that it means. */
function sendRange(file: Buffer, etag: string, request: IncomingMessage, response: ServerResponse, bytesPerSecond?: number): void {
  const ifRange = headerOf(request, 'if-range')
  const range = ifRange === null || ifRange === etag ? request.headers.range : undefined
  const start = startOf(range)
  const headers = { etag, 'content-length': file.length - start }
  if (start > 0) response.writeHead(206, { ...headers, 'content-range': `bytes ${start}-${file.length - 1}/${file.length}` })
  else response.writeHead(200, headers)
  if (bytesPerSecond === undefined) response.end(file.subarray(start))
  else void sendPaced(file.subarray(start), bytesPerSecond, response)
}

/** The rest of another version of the file, which is known as such by this only. */
function sendPartOfAnother(how: string, bytes: number, start: number, response: ServerResponse): void {
  const total = how === 'size' ? bytes + 1 : bytes
  const changed: Record<string, string> = {}
  if (how === 'etag') changed.etag = '"v2"'
  if (how === 'date') changed['last-modified'] = new Date(1e12).toUTCString()
  if (how === 'encoded') changed['content-encoding'] = 'br'
  response.writeHead(206, { ...changed, 'content-length': total - start, 'content-range': `bytes ${start}-${total - 1}/${total}` })
  response.end(Buffer.alloc(total - start))
}

/** In twenty pieces a second. */
async function sendPaced(bytes: Buffer, bytesPerSecond: number, response: ServerResponse): Promise<void> {
  const piece = Math.ceil(bytesPerSecond / 20)
  for (let sent = 0; sent < bytes.length && !response.destroyed; sent += piece) {
    response.write(bytes.subarray(sent, sent + piece))
    await sleep(50)
  }
  response.end()
}

function patternOf(bytes: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: bytes }, (_, n) => (n * 31 + (n >> 12)) & 0xff))
}

function sendZeros(bytes: number, declared: boolean, response: ServerResponse): void {
  response.writeHead(200, declared ? { 'content-length': bytes } : {})
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
