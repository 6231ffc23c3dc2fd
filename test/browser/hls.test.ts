/** Playlists in real players: their links play as they are, also in a page of another origin. */
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { needs } from '../machine/needs.ts'
import { ApiClient } from '../support/api-client.ts'
import { accountKey, inConsole, inTab, place, screenshot, useBrowser } from './console-tab.ts'

useBrowser()

const HLS_JS = createRequire(import.meta.url).resolve('hls.js/dist/hls.min.js')
const PLAYER = (manifest: string) =>
  `<!doctype html><video muted></video><script src="/hls.js"></script><script>
    const hls = new Hls()
    hls.loadSource(${JSON.stringify(manifest)})
    hls.attachMedia(document.querySelector('video'))
    hls.on(Hls.Events.MANIFEST_PARSED, () => document.querySelector('video').play())
  </script>`

/** A page of another origin than the service's, which plays the manifest. */
async function serveSite(manifest: string): Promise<string> {
  const script = await readFile(HLS_JS)
  const server = createServer((request, response) => {
    const isScript = request.url === '/hls.js'
    response.writeHead(200, { 'content-type': isScript ? 'text/javascript' : 'text/html' }).end(isScript ? script : PLAYER(manifest))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

async function playsFrom(page: Page, seconds: number): Promise<void> {
  await page.waitForFunction((least) => (document.querySelector('video')?.currentTime ?? 0) > least, seconds)
}

describe('an HLS playlist', needs('chromium'), () => {
  let id = ''
  let manifest = ''

  beforeAll(async () => {
    if (!place) return
    const api = new ApiClient({ url: place.url, apiKey: accountKey() })
    id = await api.submit({
      ffmpeg_command:
        '-f lavfi -i testsrc2=size=320x180:rate=10:duration=4 -c:v libx264 -preset ultrafast -pix_fmt yuv420p -g 10 -hls_time 1 -hls_list_size 0 -hls_segment_type fmp4 {{out_playlist_hls}}',
      output_files: { out_playlist_hls: 'film.m3u8' },
    })
    manifest = (await api.ended(id)).output_files.out_playlist_hls?.storage_url ?? ''
  })

  test('plays by hls.js in a page of another origin, from its signed link', async () => {
    const site = await serveSite(manifest)
    expect(new URL(manifest).origin).not.toBe(new URL(site).origin)
    await inTab({}, async (page) => {
      await page.goto(site)
      await playsFrom(page, 2)
    })
  })

  test('plays in the console', async () => {
    await inConsole({}, async ({ page, open }) => {
      await open(`commands/${id}`)
      const video = page.locator('video')
      await video.waitFor()
      await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) > 0)
      await video.evaluate((element: HTMLVideoElement) => {
        element.muted = true
        return element.play()
      })
      await playsFrom(page, 2)
      await screenshot(page, 'command-playlist')
    })
  })
})
