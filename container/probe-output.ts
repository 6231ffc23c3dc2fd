/** What ffprobe prints, read as it comes: packets are counted, however many there are, and the rest is kept. */
import { StringDecoder } from 'node:string_decoder'
import { PacketCounter } from '../src/ffmpeg/packets.ts'

/** Of all that is no packet, in characters. */
const MAX_REPORT = 4 * 1024 ** 2
/** A line that is longer is none of a packet. */
const MAX_LINE = 64 * 1024

const PACKETS_BEGIN = '    "packets": ['
const PACKET_BEGIN = '        {'
const PACKETS_END = '    ]'

/** Lines of `ffprobe -print_format json=compact=1`, in which each packet begins one of its own and all packets come first. */
export class ProbeOutput {
  readonly packets = new PacketCounter()
  readonly #decoder = new StringDecoder('utf8')
  #unread = ''
  #report = ''
  #place: 'before' | 'packets' | 'after' = 'before'

  write(chunk: Buffer): void {
    const text = this.#unread + this.#decoder.write(chunk)
    let start = 0
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      this.#line(text.slice(start, end))
      start = end + 1
    }
    this.#unread = text.slice(start)
    if (this.#unread.length <= MAX_LINE) return
    this.#line(this.#unread)
    this.#unread = ''
  }

  /** All but the packets; an empty report where there is none to be read. */
  report(): unknown {
    try {
      return JSON.parse(this.#report + this.#unread)
    } catch {
      return {}
    }
  }

  #line(line: string): void {
    if (this.#place === 'packets' && !line.startsWith(PACKETS_END)) {
      // What stands deeper belongs to a packet that has begun, and tells nothing of its size.
      if (line.startsWith(PACKET_BEGIN)) this.packets.add(line)
      return
    }
    if (this.#place === 'packets') this.#place = 'after'
    if (this.#place === 'before' && line === PACKETS_BEGIN) this.#place = 'packets'
    // Without its line breaks it is the same JSON.
    if (this.#report.length < MAX_REPORT) this.#report += line
  }
}
