/** A file that shows wherever it is read: its first line is the secret, and so is the name in the transport stream that follows. */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { FFMPEG } from '../machine/ffmpeg.ts'

export interface Canary {
  secret: string
  bytes: Uint8Array<ArrayBuffer>
}

/** What reads text meets the secret at once, and FFmpeg prints it when it opens the file as media. */
export async function makeCanary(): Promise<Canary> {
  const secret = randomUUID()
  const source = '-v error -f lavfi -i testsrc=d=0.2:s=32x32:r=10'.split(' ')
  const argv = [...source, '-metadata', `service_name=${secret}`, '-c:v', 'mpeg2video', '-f', 'mpegts', '-']
  const { stdout } = await promisify(execFile)(FFMPEG, argv, { encoding: 'buffer' })
  return { secret, bytes: new Uint8Array(Buffer.concat([Buffer.from(`${secret}\n`), stdout])) }
}
