/** What holds for every page, in light and in dark, on a desk and on a phone. */
import { describe, expect, test } from 'vitest'
import { needs } from '../machine/needs.ts'
import { ApiClient } from '../support/api-client.ts'
import { faultsOf } from './axe.ts'
import { DESKTOP, inConsole, inTab, PHONE, place, screenshot, useBrowser } from './console-tab.ts'

useBrowser()

/** The size changes little of what axe judges, so it judges one size in both colours. */
const LOOKS = [
  { name: 'desktop-light', options: { ...DESKTOP, colorScheme: 'light' }, judged: true },
  { name: 'desktop-dark', options: { ...DESKTOP, colorScheme: 'dark' }, judged: true },
  { name: 'phone-light', options: { ...PHONE, colorScheme: 'light' }, judged: false },
  { name: 'phone-dark', options: { ...PHONE, colorScheme: 'dark' }, judged: false },
] as const

describe('every page', needs('chromium'), () => {
  test.each(LOOKS)(
    'has no serious fault of accessibility, no sideways scrolling, and nothing that jumps: $name',
    async ({ name, options, judged }) => {
      await inConsole(options, async ({ page, url, apiKey, open }) => {
        const api = new ApiClient({ url, apiKey })
        const outputs = { out_video: 'pattern.webm' }
        const make = (source: string) =>
          api.submit({ ffmpeg_command: `-f lavfi -i ${source} -c:v libvpx-vp9 -deadline realtime {{out_video}}`, output_files: outputs })
        const [done, failed] = [await make('testsrc2=size=640x360:duration=1'), await make('testsrc2=size=nonsense')]
        await Promise.all([api.ended(done), api.ended(failed)])
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
          if (judged) faults.push(...(await faultsOf(page)).map((fault) => `${title}: ${fault}`))
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
          if (overflow > 0) faults.push(`${title}: is ${overflow} px too wide`)
          await screenshot(page, `${title}-${name}`)
        }
        expect(faults).toEqual([])
      })
    },
  )

  test.each(LOOKS)('so does the sign-in: $name', async ({ name, options, judged }) => {
    await inTab(options, async (page) => {
      await page.goto(place?.url ?? '')
      await page.getByLabel('API key').waitFor()
      if (judged) expect(await faultsOf(page)).toEqual([])
      await screenshot(page, `sign-in-${name}`)
    })
  })
})
