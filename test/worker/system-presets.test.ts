import { describe, expect, test } from 'vitest'
import type { CommandView } from '../../src/api/schemas.ts'
import { SYSTEM_PRESETS } from '../../src/presets/system-presets.ts'
import { needs } from '../machine/needs.ts'
import type { RequirementId } from '../machine/requirements.ts'
import { download, onlyOutput, TestAccount } from './client.ts'
import { mediaUrl } from './media.ts'

const SUBTITLES = '1\n00:00:00,000 --> 00:00:01,000\nHello\n'

const execute = (slug: string) => `/api/v1/presets/prs_system_${slug}/execute`

/** Runs a preset that must succeed. */
function run(account: TestAccount, slug: string, inputs: Record<string, string>): Promise<CommandView> {
  return account.succeed({ input_files: inputs }, execute(slug))
}

const video = () => ({ in_video: mediaUrl('/tiny.mp4') })

/** What a preset makes of a second of video of 160×90 at 25 pictures a second, with sound. */
interface PresetPromise {
  /** Of the machine. */
  needs?: RequirementId[]
  inputs: (account: TestAccount) => Promise<Record<string, string>> | Record<string, string>
  output: object
}

const PROMISES: Record<string, PresetPromise> = {
  web_mp4: { inputs: video, output: { codec: 'h264', pixel_format: 'yuv420p', file_format: 'mp4', width: 160, height: 90 } },
  webm: { inputs: video, output: { codec: 'vp9', file_format: 'webm' } },
  '720p_mp4': { inputs: video, output: { codec: 'h264', width: 160, height: 90 } },
  vertical: { inputs: video, output: { codec: 'h264', width: 1080, height: 1920 } },
  gif: { inputs: video, output: { codec: 'gif', width: 160, height: 90 } },
  thumbnail: { inputs: video, output: { file_type: 'image', width: 160, height: 90 } },
  contact_sheet: { inputs: video, output: { file_type: 'image', width: 1280 } },
  audio_mp3: { inputs: () => ({ in_media: mediaUrl('/tiny.mp4') }), output: { codec: 'mp3', file_type: 'audio' } },
  normalise_loudness: { inputs: () => ({ in_audio: mediaUrl('/tone.wav') }), output: { codec: 'aac', file_type: 'audio' } },
  waveform: { inputs: () => ({ in_audio: mediaUrl('/tone.wav') }), output: { file_type: 'image', width: 1200, height: 240 } },
  hls: { needs: ['ffmpeg5'], inputs: video, output: { filename: 'stream.m3u8', file_count: 2, codec: 'h264' } },
  watermark: {
    inputs: async (account) => ({ ...video(), in_image: onlyOutput(await run(account, 'thumbnail', video())).storage_url }),
    output: { codec: 'h264', width: 160, height: 90 },
  },
  burn_subtitles: {
    inputs: async (account) => ({ ...video(), in_subtitles: await uploaded(account, 'captions.srt', SUBTITLES) }),
    output: { codec: 'h264', width: 160, height: 90 },
  },
  join: { inputs: () => ({ in_first: mediaUrl('/tiny.mp4'), in_second: mediaUrl('/tiny.mp4') }), output: { width: 1280, height: 720 } },
  double_speed: { inputs: video, output: { codec: 'h264' } },
  two_pass_mp4: { inputs: video, output: { codec: 'h264' } },
}

/** In seconds, where it is not the second that went in. */
const DURATIONS: Record<string, number> = { join: 2, double_speed: 0.5 }
const STILL = new Set(['thumbnail', 'contact_sheet', 'waveform'])

async function uploaded(account: TestAccount, filename: string, content: string): Promise<string> {
  const form = new FormData()
  form.set('file', new File([content], filename))
  const response = await account.request('/api/v1/files/upload', { method: 'POST', body: form })
  const { storage_url } = await response.json<{ storage_url: string }>()
  return storage_url
}

describe('every system preset keeps its promise', () => {
  for (const { id } of SYSTEM_PRESETS) {
    const slug = id.replace('prs_system_', '')
    const promise = PROMISES[slug]
    test(slug, needs(...(promise?.needs ?? [])), async () => {
      if (!promise) throw new Error(`say in this test what ${slug} promises`)
      const account = await TestAccount.create()
      const output = onlyOutput(await run(account, slug, await promise.inputs(account)))
      expect(output).toMatchObject(promise.output)
      if (!STILL.has(slug)) expect(Math.abs((output.duration ?? 0) - (DURATIONS[slug] ?? 1))).toBeLessThan(0.25)
      const response = await download(output.storage_url)
      expect(response.status).toBe(200)
      expect((await response.arrayBuffer()).byteLength).toBeGreaterThan(0)
    })
  }
})
