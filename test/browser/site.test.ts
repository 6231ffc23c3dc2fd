/** The console as it is served, and as it is for those who use no mouse or want it dark. */
import { gzipSync } from 'node:zlib'
import type { Response } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { needs } from '../machine/needs.ts'
import { inConsole, inTab, place, useBrowser } from './console-tab.ts'

useBrowser()

describe('the console', needs('chromium'), () => {
  test('the whole way is there for the keyboard', async () => {
    await inConsole({}, async ({ page }) => {
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1')
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      await page.getByText('Ready to run').waitFor()
      const editor = page.locator('#command-0')
      await editor.fill((await editor.inputValue()).replace('-t 8', '-t 1'))
      await page.getByText('Ready to run').waitFor()
      await editor.focus()
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
      const scripts: Response[] = []
      page.on('response', (response) => {
        if (response.request().resourceType() === 'script') scripts.push(response)
      })
      await page.goto(place?.url ?? '', { waitUntil: 'networkidle' })
      await page.getByLabel('API key').waitFor()
      const sizes = await Promise.all(scripts.map(async (response) => gzipSync(await response.body()).length))
      const bytes = sizes.reduce((sum, size) => sum + size, 0)
      expect(bytes).toBeGreaterThan(1000)
      expect(bytes).toBeLessThan(100_000)
    })
  })

  test('is served with a policy that allows nothing inline, and scripts under names that may be kept for ever', async () => {
    const home = await fetch(place?.url ?? '')
    const html = await home.text()
    expect(home.headers.get('content-security-policy')).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
    expect(home.headers.get('content-security-policy')).toContain("media-src 'self' blob: https://*.r2.cloudflarestorage.com")
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
