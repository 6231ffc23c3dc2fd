import { describe, expect, test } from 'vitest'
import { type MediaFacts, mediaFacts } from '../../../src/ffmpeg/media.ts'
import { PacketCounter, type PacketTotals } from '../../../src/ffmpeg/packets.ts'

const VIDEO = { index: 0, codec_type: 'video', codec_name: 'h264', width: 320, height: 240 }
const AUDIO = { index: 1, codec_type: 'audio', codec_name: 'aac', sample_rate: '48000', channels: 2 }

interface Counted {
  stream: number
  count: number
  bytes: number
  /** Of each packet, in seconds. */
  duration: number
  timeless?: boolean
}

/** Packets of equal size one after the other, each stream's from the start on; every one takes 20 bytes more in the file. */
function totals(streams: Counted[], { limit = 1e6, fileBytes = 0, places = true } = {}): PacketTotals {
  const counter = new PacketCounter()
  let position = 1000
  for (const { stream, count, bytes, duration, timeless = false } of streams) {
    for (let n = 0; n < count; n += 1) {
      const time = timeless ? '' : `"pts_time": "${(n * duration).toFixed(6)}", `
      const place = places ? `, "pos": "${position}"` : ''
      counter.add(`        { "stream_index": ${stream}, ${time}"duration_time": "${duration.toFixed(6)}", "size": "${bytes}"${place} },`)
      position += bytes + 20
    }
  }
  return counter.totals(limit, fileBytes || position)
}

function factsOf(format: object, streams: object[], packets: PacketTotals | null): MediaFacts {
  return mediaFacts({ format, streams }, 'a.bin', packets)
}

const both = [
  { stream: 0, count: 250, bytes: 5000, duration: 0.04 },
  { stream: 1, count: 500, bytes: 320, duration: 0.02 },
]

describe('packets', () => {
  test('tell the bitrates that a container does not state, and correct those that it only guesses', () => {
    const format = { format_name: 'matroska,webm', duration: '10.0' }
    const expected = { bitrate_video_kb: 1000, bitrate_audio_kb: 128, duration: 10 }
    expect(factsOf(format, [VIDEO, AUDIO], totals(both))).toMatchObject(expected)
    const stale = [
      { ...VIDEO, tags: { BPS: '200000' } },
      { ...AUDIO, bit_rate: '64000' },
    ]
    expect(factsOf(format, stale, totals(both))).toMatchObject(expected)
  })

  test('leave what is stated where it is as good as theirs', () => {
    const stated = [{ ...VIDEO, bit_rate: '1010000' }, AUDIO]
    expect(factsOf({ format_name: 'avi', duration: '10.0' }, stated, totals(both)).bitrate_video_kb).toBe(1010)
  })

  test('tell how long a file is that does not say so', () => {
    expect(factsOf({ format_name: 'matroska,webm' }, [VIDEO, AUDIO], totals(both)).duration).toBe(10)
    const timeless = totals([{ stream: 0, count: 50, bytes: 100, duration: 0.04, timeless: true }])
    expect(factsOf({ format_name: 'h264' }, [VIDEO], timeless)).toMatchObject({ duration: 2, bitrate_video_kb: 20, frame_rate: 25 })
  })

  test('correct a length that was guessed from the first of them, but no edit list and no times that jump', () => {
    const sound = { ...AUDIO, index: 0, nb_frames: '500' }
    const packets = totals([{ stream: 0, count: 500, bytes: 320, duration: 0.02 }])
    expect(factsOf({ format_name: 'mp3', duration: '7.0' }, [sound], packets).duration).toBe(10)
    expect(factsOf({ format_name: 'mov,mp4,m4a,3gp,3g2,mj2', duration: '7.0' }, [sound], packets).duration).toBe(7)
    const counter = new PacketCounter()
    for (const time of [0, 1000])
      counter.add(`        { "stream_index": 0, "pts_time": "${time}.0", "duration_time": "1.0", "size": "9" },`)
    expect(factsOf({ format_name: 'mpegts', duration: '2.5' }, [sound], counter.totals(9, 99)).duration).toBe(2.5)
  })

  test.each([
    ['with their places', true, 1000],
    ['without', false, 1006],
  ])('of the first minutes tell of a long film what the size of the file leaves to the picture, %s', (_, places, kilobits) => {
    // The whole film has ten times as many packets, and its picture twice as many bytes after the beginning.
    const calm = [{ stream: 0, count: 250, bytes: 2500, duration: 0.04 }, both[1] ?? { stream: 1, count: 0, bytes: 0, duration: 0 }]
    const fileBytes = 10 * (250 * 5020 + 500 * 340)
    const facts = factsOf({ format_name: 'mpegts', duration: '100.0' }, [VIDEO, AUDIO], totals(calm, { limit: 750, fileBytes, places }))
    expect(facts.bitrate_audio_kb).toBe(128)
    expect(Math.abs((facts.bitrate_video_kb ?? 0) / kilobits - 1)).toBeLessThan(0.02)
  })

  test('of the first minutes leave the word of an index, which has counted them all', () => {
    const indexed = [
      { ...VIDEO, bit_rate: '700000', nb_frames: '2500' },
      { ...AUDIO, bit_rate: '99000', nb_frames: '5000' },
    ]
    const packets = totals(both, { limit: 750, fileBytes: 1e8 })
    const facts = factsOf({ format_name: 'mov,mp4,m4a,3gp,3g2,mj2', duration: '100.0' }, indexed, packets)
    expect(facts).toMatchObject({ bitrate_video_kb: 700, bitrate_audio_kb: 99, duration: 100 })
  })

  test('of the first minutes tell how long a film is that tells it by nothing else, and that it is one', () => {
    const beginning = totals([{ stream: 0, count: 50, bytes: 980, duration: 0.04, timeless: true }], { limit: 50, fileBytes: 500_000 })
    expect(factsOf({ format_name: 'h264' }, [VIDEO], beginning)).toMatchObject({ duration: 20, bitrate_video_kb: 196, frame_rate: 25 })
    const pictures = { ...VIDEO, codec_name: 'mjpeg' }
    expect(factsOf({ format_name: 'jpeg_pipe' }, [pictures], beginning)).toMatchObject({ file_type: 'video', duration: 20 })
    expect(factsOf({ format_name: 'gif', duration: '20.0' }, [{ ...VIDEO, codec_name: 'gif' }], beginning).duration).toBe(20)
  })

  test('make a film of one picture after the other, and a still of a single one', () => {
    const picture = { ...VIDEO, codec_name: 'mjpeg' }
    const film = totals([{ stream: 0, count: 50, bytes: 4000, duration: 0.04 }])
    const still = totals([{ stream: 0, count: 1, bytes: 4000, duration: 0.04 }])
    expect(factsOf({ format_name: 'jpeg_pipe' }, [picture], film)).toMatchObject({ file_type: 'video', file_format: 'mjpeg', duration: 2 })
    expect(factsOf({ format_name: 'jpeg_pipe' }, [picture], still)).toMatchObject({
      file_type: 'image',
      file_format: 'jpeg',
      duration: null,
    })
    expect(factsOf({ format_name: 'gif', duration: '0.1' }, [{ ...VIDEO, codec_name: 'gif' }], still)).toMatchObject({ duration: null })
  })

  test.each(['', '{', '        { "stream_index": 0 },', '        { "size": "1" },', '        { "stream_index": "x", "size": "1" },'])(
    'are not counted where the line is none of a packet: %j',
    (line) => {
      const counter = new PacketCounter()
      counter.add(line)
      expect(counter.totals(9, 9).streams.size).toBe(0)
    },
  )
})

describe('rotation', () => {
  test.each([
    [-90, 90],
    [90, 270],
    [180, 180],
    [-180, 180],
    [0, 0],
    [-0.4, 0],
    ['N/A', 0],
  ])('by a matrix that turns %s degrees against the clock is %i', (counterclockwise, rotation) => {
    const turned = { ...VIDEO, side_data_list: [{}, { rotation: counterclockwise }] }
    const size = rotation % 180 === 0 ? { width: 320, height: 240 } : { width: 240, height: 320 }
    expect(factsOf({ format_name: 'avi', duration: '1' }, [turned], null)).toMatchObject({ ...size, rotation })
  })

  test('of an old file is in a tag', () => {
    const facts = factsOf({ format_name: 'matroska,webm' }, [{ ...VIDEO, tags: { rotate: '90' } }], null)
    expect(facts).toMatchObject({ width: 240, height: 320, rotation: 90 })
  })

  test('is that of a picture', () => {
    expect(factsOf({ format_name: 'mp3' }, [AUDIO], null).rotation).toBeNull()
  })
})
