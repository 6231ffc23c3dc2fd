/** The inputs of the benchmark, made by FFmpeg for the scenarios that are run, and served from disk by a process of its own. */
import { execFile, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const SAMPLES = {
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
  '12mb.mov': uncompressed(12),
  '50mb.mov': uncompressed(50),
  '70mb.mov': uncompressed(70),
  '100mb.mov': uncompressed(100),
  '1000mb.mov': uncompressed(1000),
}

export type Sample = keyof typeof SAMPLES

export interface BenchMedia {
  /** At full speed, or with `?megabits=N` at so many a second and connection. What is no sample is answered with 404. */
  url: (name: string) => string
  stop: () => Promise<void>
}

/** A picture of one colour, since it is its bytes that count: 1.38 MB a frame. */
function uncompressed(megabytes: number): string[] {
  const frames = Math.round((megabytes * 1e6) / (1280 * 720 * 1.5))
  return ['-f', 'lavfi', '-i', 'color=s=1280x720:r=25', '-frames:v', `${frames}`, '-c:v', 'rawvideo', '-pix_fmt', 'yuv420p']
}

/** Makes the named samples and serves them. */
export async function startBenchMedia(names: readonly Sample[]): Promise<BenchMedia> {
  const folder = await mkdtemp(path.join(tmpdir(), 'renderio-bench-'))
  for (const name of names) {
    await promisify(execFile)('ffmpeg', ['-v', 'error', '-y', ...SAMPLES[name], path.join(folder, name)])
  }
  const server = fork(path.join(import.meta.dirname, 'media-server.ts'), [folder])
  const [port] = await once(server, 'message')
  return {
    url: (name) => `http://127.0.0.1:${port}/${name}`,
    stop: async () => {
      const ended = once(server, 'exit')
      server.disconnect()
      await ended
      await rm(folder, { recursive: true })
    },
  }
}
