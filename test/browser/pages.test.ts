/** What holds for every page, in light and in dark, on a desk and on a phone. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { ApiClient } from '../support/api-client.ts'
import { DESKTOP, inConsole, inTab, PHONE, place, screenshot, useBrowser } from './console-tab.ts'

useBrowser()

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const LOOKS = [
  { name: 'desktop-light', options: { ...DESKTOP, colorScheme: 'light' } },
  { name: 'desktop-dark', options: { ...DESKTOP, colorScheme: 'dark' } },
  { name: 'phone-light', options: { ...PHONE, colorScheme: 'light' } },
  { name: 'phone-dark', options: { ...PHONE, colorScheme: 'dark' } },
] as const

const axeSchema = z.object({
  violations: z.array(z.object({ id: z.string(), impact: z.string().nullable(), nodes: z.array(z.object({ html: z.string() })) })),
})

describe.skipIf(!place)('every page', () => {
  test.each(LOOKS)(
    'has no serious fault of accessibility, no sideways scrolling, and nothing that jumps: $name',
    async ({ name, options }) => {
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
          webhooks: ['webhooks', 'Set the webhook'],
          nothing: ['nowhere', 'There is no such page'],
        }
        const faults: string[] = []
        for (const [title, [hash = '', sign = '']] of Object.entries(pages)) {
          await open(hash)
          await page.locator('main', { hasText: sign }).waitFor()
          await page.waitForFunction(() => document.querySelector('.skeleton') === null)
          if (title === 'run') await page.getByRole('button', { name: 'Convert to WebM' }).click()
          faults.push(...(await faultsOf(page)).map((fault) => `${title}: ${fault}`))
          const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
          if (overflow > 0) faults.push(`${title}: is ${overflow} px too wide`)
          await screenshot(page, `${title}-${name}`)
        }
        expect(faults).toEqual([])
      })
    },
  )

  test.each(LOOKS)('so does the sign-in: $name', async ({ name, options }) => {
    await inTab(options, async (page) => {
      await page.goto(place?.url ?? '')
      await page.getByLabel('API key').waitFor()
      expect(await faultsOf(page)).toEqual([])
      await screenshot(page, `sign-in-${name}`)
    })
  })

  test('the whole way is there for the keyboard', async () => {
    await inConsole({}, async ({ page }) => {
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1')
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await page.getByText('Ready to run').waitFor()
      await page.locator('#command-0').focus()
      await page.keyboard.press('Control+Enter')
      await page.getByRole('heading', { level: 1, name: 'pattern.webm' }).waitFor()
      expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('pattern.webm')
      await page.getByRole('button', { name: /Cancel|Edit/ }).waitFor()
    })
  })

  test('the colours can be chosen, and are kept', async () => {
    await inConsole({ colorScheme: 'light' }, async ({ page }) => {
      const background = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
      const light = await background()
      await page.getByLabel('Dark').check({ force: true })
      expect(await background()).not.toBe(light)
      await page.reload()
      await page.getByRole('heading', { level: 1 }).waitFor()
      expect(await background()).not.toBe(light)
    })
  })

  test('the first load has less than 100 KB of script, compressed', async () => {
    await inTab({}, async (page) => {
      let bytes = 0
      page.on('response', async (response) => {
        if (response.request().resourceType() === 'script') bytes += gzipSync(await response.body()).length
      })
      await page.goto(place?.url ?? '', { waitUntil: 'networkidle' })
      expect(bytes).toBeGreaterThan(1000)
      expect(bytes).toBeLessThan(100_000)
    })
  })

  test('is served with a policy that allows nothing inline, and scripts under names that may be kept for ever', async () => {
    const home = await fetch(place?.url ?? '')
    const html = await home.text()
    expect(home.headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
    expect(home.headers.get('content-security-policy')).not.toContain('unsafe')
    expect(Object.fromEntries(home.headers)).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' })
    const script = await fetch(new URL(/src="([^"]+\.js)"/.exec(html)?.[1] ?? '', place?.url))
    expect([script.status, script.headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable'])
  })

  test('what is no page is answered by the API', async () => {
    for (const path of ['/nothing', '/assets/nothing.js', '/api/nothing']) {
      const answer = await fetch(`${place?.url}${path}`)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/json'])
    }
  })
})

/** What axe finds that is serious, or worse. */
async function faultsOf(page: Parameters<typeof screenshot>[0]): Promise<string[]> {
  // Evaluated rather than added as a script, which the page's policy would refuse.
  await page.evaluate(AXE)
  const { violations } = axeSchema.parse(await page.evaluate('axe.run()'))
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`)
}
