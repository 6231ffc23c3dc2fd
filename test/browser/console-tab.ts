/** The console in a tab of a real browser, as its user has it before them. */
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, inject } from 'vitest'

/** Where everything is; null where there is no browser, and all tests here are skipped. */
export const place = inject('browser')

const SCREENSHOTS = path.resolve(import.meta.dirname, '../../test-results/screenshots')

export const DESKTOP = { viewport: { width: 1280, height: 860 } }
export const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true }

/** What a page may look like. */
export const COLOURS = ['light', 'dark'] as const

/** A key of the account that the test file at work has for itself. */
export function accountKey(): string {
  return place?.apiKeys[path.basename(expect.getState().testPath ?? '', '.test.ts')] ?? ''
}

/** As long as anything may take to be seen. */
const BUSY_MACHINE_MS = 60_000

let browser: Browser

/** Connects the tests of a file to the browser that all share. */
export function useBrowser(): void {
  beforeAll(async () => {
    if (place) browser = await chromium.connect(place.endpoint)
  })
  afterAll(() => browser?.close())
}

export interface ConsoleTab {
  page: Page
  /** Origin of the stack. */
  url: string
  apiKey: string
  /** Opens a page of the console, by what follows the `#`. */
  open(hash: string): Promise<void>
}

/** A tab with nothing in it. Nothing moves in its pages unless the options say so, since each frame is drawn by the processor. */
export async function inTab<T>(options: BrowserContextOptions, use: (page: Page) => Promise<T>): Promise<T> {
  const context = await browser.newContext({ ...DESKTOP, reducedMotion: 'reduce', ...options })
  context.setDefaultTimeout(BUSY_MACHINE_MS)
  try {
    return await use(await context.newPage())
  } finally {
    await context.close()
  }
}

/**
 * The console in a tab of its own, signed in. Whatever is done in it: the page complains of nothing, asks no other origin, keeps the key
 * out of its address, and nothing in it jumps.
 */
export async function inConsole(options: BrowserContextOptions, use: (tab: ConsoleTab) => Promise<void>): Promise<void> {
  if (!place) throw new Error('there is no browser')
  const { url } = place
  const apiKey = accountKey()
  await inTab({ ...options, permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
    const complaints: string[] = []
    page.on('console', (message) => {
      // The browser notes every answer that is no success; these are what the page asked for and shows.
      if (message.type() === 'error' && !/status of (401|404|409|422)/.test(message.text())) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('request', (request) => {
      const target = new URL(request.url())
      if (target.protocol.startsWith('http') && target.origin !== url) complaints.push(`it asked ${target.origin}`)
    })
    page.on('framenavigated', (frame) => {
      if (frame.url().includes(apiKey)) complaints.push('the key is in the address')
    })
    await page.addInitScript(watchLayout)
    await page.addInitScript((key) => sessionStorage.setItem('renderio.api-key', key), apiKey)
    await page.goto(url)
    await page.getByRole('heading', { level: 1, name: 'Run a command' }).waitFor()
    const open = async (hash: string) => {
      await page.goto(`${url}/#/${hash}`)
    }
    await use({ page, url, apiKey, open })
    expect(complaints).toEqual([])
    const shifts = await page.evaluate(() => globalThis.layoutShifts)
    expect(cumulativeLayoutShift(shifts), `nothing jumps: ${JSON.stringify(shifts)}`).toBeLessThan(0.1)
  })
}

interface Shift {
  value: number
  /** Milliseconds since the page was opened. */
  at: number
  /** What has moved. */
  moved: string[]
}

/** https://web.dev/articles/cls: the worst of the bursts, which last 5 s at most and are 1 s apart at least. */
function cumulativeLayoutShift(shifts: readonly Shift[]): number {
  let worst = 0
  let burst = { sum: 0, from: -Infinity, last: -Infinity }
  for (const { value, at } of shifts) {
    if (at - burst.last > 1000 || at - burst.from > 5000) burst = { sum: 0, from: at, last: at }
    burst = { sum: burst.sum + value, from: burst.from, last: at }
    worst = Math.max(worst, burst.sum)
  }
  return worst
}

declare global {
  var layoutShifts: Shift[]
}

/** Runs in the page. */
function watchLayout(): void {
  globalThis.layoutShifts = []
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      if (!('value' in entry && 'hadRecentInput' in entry && 'sources' in entry) || entry.hadRecentInput) continue
      const sources = Array.isArray(entry.sources) ? entry.sources : []
      const moved = sources.map(({ node }) => (node instanceof Element ? `${node.tagName} ${node.className}` : String(node?.nodeValue)))
      globalThis.layoutShifts.push({ value: Number(entry.value), at: entry.startTime, moved })
    }
  }).observe({ type: 'layout-shift', buffered: true })
}

/** Shows a page in these colours, with no transition left between them: nobody reads the colours in between. */
export async function showIn(page: Page, colorScheme: (typeof COLOURS)[number]): Promise<void> {
  await page.emulateMedia({ colorScheme })
  await page.evaluate(() => {
    for (const animation of document.getAnimations()) if (animation instanceof CSSTransition) animation.finish()
  })
}

/** By how many pixels a page is wider than its window. */
export function overflowOf(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
}

/** Kept for people to look at: of the whole page, or of what is seen of it. */
export async function screenshot(page: Page, name: string, { fullPage = true } = {}): Promise<void> {
  await mkdir(SCREENSHOTS, { recursive: true })
  await page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`), fullPage })
}

/** Drops a file on an area of the page. */
export async function dropFile(page: Page, area: string, file: { name: string; base64?: string; zeros?: number }): Promise<void> {
  const dataTransfer = await page.evaluateHandle(({ name, base64, zeros }) => {
    const bytes = base64 === undefined ? new Uint8Array(zeros ?? 0) : Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
    const transfer = new DataTransfer()
    transfer.items.add(new File([bytes], name))
    return transfer
  }, file)
  await page.locator(area).dispatchEvent('drop', { dataTransfer })
}
