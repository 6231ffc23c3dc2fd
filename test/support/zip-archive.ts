/** Zip archives written by hand, byte by byte, so that they may also be wrong in every way. */
import { crc32, deflateRawSync } from 'node:zlib'

export interface ZipEntry {
  name: string
  /** The name in other bytes, which are not marked as UTF-8. */
  nameBytes?: Uint8Array
  content?: string | Uint8Array
  /** The content deflated, where it is known already. */
  deflated?: Uint8Array
  /** Unix mode, type included. */
  mode?: number
  /** 8 unless given; 0 stores. */
  method?: number
  /** Bit 0 says that it is encrypted. */
  flags?: number
  /** What the headers say instead of the truth. */
  claims?: { size?: number; crc?: number }
}

const UTF8 = 0x800
const MADE_BY_UNIX = 3 << 8

export function zipArchive(entries: readonly ZipEntry[]): Buffer<ArrayBuffer> {
  const parts: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, nameBytes: unmarked, content = '', deflated, mode = 0o100644, method = 8, flags = 0, claims = {} } of entries) {
    const bytes = Buffer.from(content)
    const data = method === 8 ? (deflated ?? deflateRawSync(bytes)) : bytes
    const nameBytes = unmarked ?? Buffer.from(name)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(unmarked ? flags : flags | UTF8, 2)
    common.writeUInt16LE(method, 4)
    common.writeUInt32LE(claims.crc ?? crc32(bytes), 10)
    common.writeUInt32LE(data.length, 14)
    common.writeUInt32LE(claims.size ?? bytes.length, 18)
    common.writeUInt16LE(nameBytes.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, nameBytes, data])
    const madeBy = Buffer.alloc(2)
    madeBy.writeUInt16LE(MADE_BY_UNIX | 20)
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE((mode << 16) >>> 0, 6)
    rest.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02'), madeBy, common, rest, nameBytes]))
    parts.push(local)
    offset += local.length
  }
  const central = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06')
  end.writeUInt16LE(entries.length, 8)
  end.writeUInt16LE(entries.length, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, central, end])
}

/** Names and contents of a zip that holds its files as they are. */
export function storedFiles(zip: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(zip.buffer, zip.byteOffset, zip.byteLength)
  const end = zip.byteLength - 22
  const files = new Map<string, Uint8Array>()
  let position = view.getUint32(end + 16, true)
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    const [size, nameLength] = [view.getUint32(position + 24, true), view.getUint16(position + 28, true)]
    const local = view.getUint32(position + 42, true)
    const start = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true)
    const name = new TextDecoder().decode(zip.subarray(position + 46, position + 46 + nameLength))
    files.set(name, zip.subarray(start, start + size))
    position += 46 + nameLength + view.getUint16(position + 30, true) + view.getUint16(position + 32, true)
  }
  return files
}
