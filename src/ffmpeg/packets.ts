/** What the packets of a file's streams add up to, from the lines in which ffprobe lists them (`-show_packets -of json=compact=1`). */

export interface StreamPackets {
  packets: number
  bytes: number
  /** Of all packets together, in seconds: what they say of their own durations. */
  duration: number
  /** When the first packet begins and the last one ends, in seconds; null where the container counts no time. */
  span: { start: number; end: number } | null
}

export interface PacketTotals {
  /** By the index of the stream. */
  streams: ReadonlyMap<number, StreamPackets>
  /** Whether all packets of the file were counted, not only the first of them. */
  whole: boolean
  /** Of all that was read. */
  fileBytes: number
  /** How many bytes of the file the counted packets span; null where the container does not say where they lie. */
  extent: number | null
}

/** Counts packets one by one, in memory that grows with the number of streams alone. */
export class PacketCounter {
  readonly #streams = new Map<number, StreamPackets>()
  #first = Number.POSITIVE_INFINITY
  #last = 0
  #packets = 0

  /** Reads the line in which a packet begins, with all fields that tell its place and size; any other line is left out. */
  add(line: string): void {
    const packet = readPacket(line)
    if (packet === null) return
    this.#packets += 1
    if (packet.position !== null) {
      this.#first = Math.min(this.#first, packet.position)
      this.#last = Math.max(this.#last, packet.position + packet.bytes)
    }
    const stream = this.#streams.get(packet.stream) ?? { packets: 0, bytes: 0, duration: 0, span: null }
    stream.packets += 1
    stream.bytes += packet.bytes
    stream.duration += packet.duration
    if (packet.time !== null) {
      const { start, end } = stream.span ?? { start: packet.time, end: packet.time }
      stream.span = { start: Math.min(start, packet.time), end: Math.max(end, packet.time + packet.duration) }
    }
    this.#streams.set(packet.stream, stream)
  }

  /**
   * @param limit how many packets ffprobe was to list
   * @param fileBytes the size of what it read
   */
  totals(limit: number, fileBytes: number): PacketTotals {
    const extent = this.#last > this.#first ? this.#last - this.#first : null
    return { streams: this.#streams, whole: this.#packets < limit, fileBytes, extent }
  }
}

interface Packet {
  stream: number
  bytes: number
  time: number | null
  duration: number
  position: number | null
}

function readPacket(line: string): Packet | null {
  const stream = field(line, '"stream_index": ')
  const bytes = field(line, '"size": "')
  if (stream === null || bytes === null) return null
  return {
    stream,
    bytes,
    time: field(line, '"pts_time": "') ?? field(line, '"dts_time": "'),
    duration: Math.max(0, field(line, '"duration_time": "') ?? 0),
    position: field(line, '"pos": "'),
  }
}

/** No number that ffprobe prints has more characters. */
const NUMBER_CHARACTERS = 32

/** The number behind the key; null where the line has none. There may be hundreds of thousands of lines, so each is only searched. */
function field(line: string, key: string): number | null {
  const at = line.indexOf(key)
  const number = at === -1 ? Number.NaN : Number.parseFloat(line.slice(at + key.length, at + key.length + NUMBER_CHARACTERS))
  return Number.isFinite(number) ? number : null
}

/** How long a stream is by its packets, in seconds; null where they do not say. */
export function packetSeconds({ span, duration }: StreamPackets): number | null {
  const seconds = span !== null && span.end > span.start ? span.end - span.start : duration
  return seconds > 0 ? seconds : null
}

/**
 * Bits per second of each stream by its packets, by the stream's index. Where only the first packets of the file are known, sound is taken
 * to go on as it begins, and the one video stream to be what is left of the file.
 * @param video the indexes of the video streams
 * @param duration of the file, in seconds; null where it is not known
 */
export function packetRates(totals: PacketTotals, video: readonly number[], duration: number | null): Map<number, number> {
  const rates = new Map<number, number>()
  for (const [index, stream] of totals.streams) {
    const seconds = packetSeconds(stream) ?? duration
    if (seconds !== null && stream.bytes > 0) rates.set(index, (stream.bytes * 8) / seconds)
  }
  return totals.whole || duration === null ? rates : extrapolated(rates, totals, video, duration)
}

function extrapolated(sampled: Map<number, number>, totals: PacketTotals, video: readonly number[], duration: number): Map<number, number> {
  const counted = sum([...totals.streams.values()].map(({ bytes }) => bytes))
  // What the container adds to the packets is the same share everywhere.
  const payload = totals.fileBytes * (totals.extent === null ? 1 : Math.min(1, counted / totals.extent))
  const all = (payload * 8) / duration
  const [only] = video
  const others = sum([...sampled].filter(([index]) => index !== only).map(([, rate]) => rate))
  if (only !== undefined && video.length === 1 && sampled.has(only) && all > others) return new Map(sampled).set(only, all - others)
  const known = sum(sampled.values())
  return new Map([...sampled].map(([index, rate]) => [index, (rate / known) * all]))
}

function sum(numbers: Iterable<number>): number {
  let total = 0
  for (const number of numbers) total += number
  return total
}
