/** What holds for every page, in light and in dark, on a desk and on a phone. */
import { beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../machine/needs.ts'
import { ApiClient } from '../support/api-client.ts'
import { faultsOf } from './axe.ts'
import { accountKey, COLOURS, DESKTOP, inConsole, inTab, overflowOf, PHONE, place, screenshot, showIn, useBrowser } from './console-tab.ts'

useBrowser()

/** The size changes little of what axe judges, so it judges one. */
const SIZES = [
  { size: 'desktop', options: DESKTOP, judged: true },
  { size: 'phone', options: PHONE, judged: false },
] as const

describe('every page', needs('chromium'), () => {
  let done = ''
  let failed = ''

  beforeAll(async () => {
    const api = new ApiClient({ url: place?.url ?? '', apiKey: accountKey() })
    const outputs = { out_video: 'pattern.webm' }
    const make = (source: string) =>
      api.submit({
        ffmpeg_command: `-f lavfi -i ${source} -c:v libvpx-vp9 -deadline realtime -cpu-used 8 {{out_video}}`,
        output_files: outputs,
      })
    ;[done, failed] = [await make('testsrc2=size=320x180:rate=10:duration=1'), await make('testsrc2=size=nonsense')]
    await Promise.all([api.ended(done), api.ended(failed)])
  })

  test.each(SIZES)(
    'has no serious fault of accessibility, no sideways scrolling, and nothing that jumps: $size',
    async ({ size, options, judged }) => {
      await inConsole({ ...options, reducedMotion: 'no-preference' }, async ({ page, open }) => {
        const pages = {
          run: ['run', 'A preset'],
          commands: ['commands', 'Everything that was submitted'],
          done: [`commands/${done}`, 'Download'],
          failed: [`commands/${failed}`, 'FFmpeg has refused'],
          files: ['files', 'pattern.webm'],
          presets: ['presets', 'Web MP4'],
          webhooks: ['webhooks', 'Secret'],
          nothing: ['nowhere', 'There is no such page'],
        }
        const faults: string[] = []
        for (const [title, [hash = '', sign = '']] of Object.entries(pages)) {
          await open(hash)
          await page.locator('main', { hasText: sign }).waitFor()
          await page.waitForFunction(() => document.querySelector('.skeleton') === null)
          if (title === 'run') await page.getByRole('button', { name: 'Convert to WebM' }).click()
          for (const colorScheme of COLOURS) {
            await showIn(page, colorScheme)
            if (judged) faults.push(...(await faultsOf(page)).map((fault) => `${title}, ${colorScheme}: ${fault}`))
            const overflow = await overflowOf(page)
            if (overflow > 0) faults.push(`${title}, ${colorScheme}: is ${overflow} px too wide`)
            await screenshot(page, `${title}-${size}-${colorScheme}`)
          }
        }
        expect(faults).toEqual([])
      })
    },
  )

  test.each(SIZES)('so does the sign-in: $size', async ({ size, options, judged }) => {
    await inTab(options, async (page) => {
      await page.goto(place?.url ?? '')
      await page.getByLabel('API key').waitFor()
      for (const colorScheme of COLOURS) {
        await showIn(page, colorScheme)
        if (judged) expect(await faultsOf(page)).toEqual([])
        await screenshot(page, `sign-in-${size}-${colorScheme}`)
      }
    })
  })
})
