/** Small inputs that ask for much time, memory or disk. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32, deflateSync } from 'node:zlib'
import { FFMPEG } from '../machine/ffmpeg.ts'

/** Three frames, each ten hours after the one before; made in `folder`. */
export async function hoursApart(folder: string): Promise<Uint8Array<ArrayBuffer>> {
  const file = join(folder, 'hours-apart.mkv')
  const source = ['-f', 'lavfi', '-i', 'testsrc=s=64x48:r=25', '-vf', 'setpts=N*36000/TB', '-frames:v', '3', '-c:v', 'png']
  await promisify(execFile)(FFMPEG, ['-v', 'error', '-y', ...source, file])
  return new Uint8Array(await readFile(file))
}

/** A black square of 256 megapixels, one bit each. */
export function hugePng(): Uint8Array<ArrayBuffer> {
  const side = 16_000
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header.writeUInt8(1, 8)
  const rows = Buffer.alloc(side * (1 + side / 8))
  const signature = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')
  return new Uint8Array(
    Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0))]),
  )
}

function chunk(type: string, data: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(typed))
  return Buffer.concat([length, typed, checksum])
}
