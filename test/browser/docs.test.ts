/** The guides and the API reference, as they are served. */
import type { BrowserContextOptions, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { GUIDES, pathOf } from '../../src/docs/contents.ts'
import { needs } from '../machine/needs.ts'
import { faultsOf } from './axe.ts'
import { COLOURS, DESKTOP, inTab, overflowOf, PHONE, place, screenshot, showIn, useBrowser } from './console-tab.ts'

useBrowser()

const URL_OF_STACK = place?.url ?? ''

/** A tab whose page complains of nothing, and asks no other origin. */
async function inDocs(options: BrowserContextOptions, use: (page: Page) => Promise<void>): Promise<void> {
  await inTab(options, async (page) => {
    const complaints: string[] = []
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('request', (request) => {
      const target = new URL(request.url())
      if (target.protocol.startsWith('http') && target.origin !== URL_OF_STACK) complaints.push(`it asked ${target.origin}`)
    })
    await use(page)
    expect(complaints).toEqual([])
  })
}

describe('the guides', needs('chromium'), () => {
  // All are made alike, so that axe needs to judge but some of them.
  test('can be read by all, in light and in dark', async () => {
    await inDocs(DESKTOP, async (page) => {
      const faults: string[] = []
      for (const guide of ['quickstart', 'webhooks', 'errors']) {
        const response = await page.goto(URL_OF_STACK + pathOf(guide))
        expect(response?.status()).toBe(200)
        for (const colorScheme of COLOURS) {
          await showIn(page, colorScheme)
          faults.push(...(await faultsOf(page)).map((fault) => `${guide}, ${colorScheme}: ${fault}`))
          await screenshot(page, `guide-${guide}-${colorScheme}`)
        }
      }
      expect(faults).toEqual([])
    })
  })

  test('are no wider than a phone, and every link in them leads somewhere', async () => {
    await inDocs(PHONE, async (page) => {
      const wide: string[] = []
      const links = new Set<string>()
      for (const guide of GUIDES) {
        await page.goto(URL_OF_STACK + pathOf(guide))
        const overflow = await overflowOf(page)
        if (overflow > 0) wide.push(`${guide}: ${overflow} px`)
        for (const link of await page.locator('a').evaluateAll((all) => all.map((a) => (a instanceof HTMLAnchorElement ? a.href : ''))))
          links.add(link)
      }
      expect(wide).toEqual([])
      await screenshot(page, 'guide-phone')
      const own = [...links].filter((link) => link.startsWith(`${URL_OF_STACK}/`))
      expect(own.length).toBeGreaterThan(GUIDES.length)
      for (const link of own) {
        const { hash } = new URL(link)
        const response = await fetch(link)
        expect(response.status, link).toBe(200)
        if (hash) expect(await response.text(), link).toContain(` id="${decodeURIComponent(hash.slice(1))}"`)
      }
    })
  })
})

describe('the reference', needs('chromium'), () => {
  test('shows the operations, which can be tried', async () => {
    await inDocs({ colorScheme: 'light' }, async (page) => {
      await page.goto(`${URL_OF_STACK}/docs`)
      await page.locator('h2', { hasText: /^\s*Commands\s*$/ }).waitFor()
      await screenshot(page, 'reference', { fullPage: false })
      await page.goto(`${URL_OF_STACK}/docs#tag/commands/GET/api/v1/commands`)
      await page
        .getByRole('button', { name: /Test Request.*commands/ })
        .first()
        .waitFor()
    })
  })
})
