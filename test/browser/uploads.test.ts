/** Files that are dropped on the page. */
import { describe, expect, test } from 'vitest'
import { needs } from '../machine/needs.ts'
import { dropFile, inConsole, place, screenshot, useBrowser } from './console-tab.ts'

useBrowser()

describe('a file from this machine', needs('chromium'), () => {
  test('dropped on an input is uploaded, and the command runs with it', async () => {
    const sample = Buffer.from(await (await fetch(`${place?.mediaUrl}/tiny.mp4`)).arrayBuffer())
    await inConsole({}, async ({ page }) => {
      await page.locator('#command-0').fill('ffmpeg -i {{in_video}} -vf scale=80:-2 -c:v libvpx-vp9 -deadline realtime -an {{out_video}}')
      await page.getByLabel('out_video').fill('smaller.webm')
      await dropFile(page, '.file-row:has(.alias.input)', { name: 'holiday.mp4', base64: sample.toString('base64') })
      await page.getByRole('button', { name: 'Remove holiday.mp4' }).waitFor()
      await page.getByText('Ready to run').waitFor()
      await screenshot(page, 'run-uploaded')
      await page.getByRole('button', { name: 'Run', exact: true }).click()
      await page.locator('video').waitFor()
      expect(await page.locator('.made dl').innerText()).toContain('80 × ')
    })
  })

  test('dropped where no command is yet begins one', async () => {
    await inConsole({}, async ({ page }) => {
      await page.keyboard.press('Shift')
      await dropFile(page, '.card:has(#inputs-heading)', { name: 'first.txt', base64: 'dGV4dA==' })
      await page.getByRole('button', { name: 'Remove first.txt' }).waitFor()
      expect(await page.locator('#command-0').inputValue()).toContain('-i {{in_video}}')
    })
  })

  test('that is large goes in parts, with a bar, and is listed among the files', async () => {
    const bytes = 65 * 1024 * 1024
    await inConsole({}, async ({ page, open }) => {
      const parts: string[] = []
      page.on('request', (request) => {
        if (request.method() === 'PUT') parts.push(new URL(request.url()).pathname)
      })
      await open('files')
      await page.getByText('Drop files here').waitFor()
      await dropFile(page, '.add-files', { name: 'large.bin', zeros: bytes })
      await page.getByRole('progressbar', { name: 'Upload of large.bin' }).waitFor()
      await page.getByRole('button', { name: 'large.bin', exact: true }).waitFor()
      expect(parts.length).toBe(2)
      expect(await page.locator('.row.file', { hasText: 'large.bin' }).innerText()).toContain('68.2 MB')
      page.once('dialog', (dialog) => void dialog.accept())
      await page.getByRole('button', { name: 'Delete large.bin' }).click()
      await page.getByRole('button', { name: 'large.bin', exact: true }).waitFor({ state: 'detached' })
    })
  })

  test('named by a URL is fetched, looked at, and used in a command', async () => {
    await inConsole({}, async ({ page, open }) => {
      await open('files')
      await page.getByLabel('URL of a file to fetch').fill(`${place?.mediaUrl}/tiny.mp4`)
      await page.getByRole('button', { name: 'Fetch', exact: true }).click()
      await page.getByRole('button', { name: 'tiny.mp4', exact: true }).first().click()
      await page.locator('dialog video').waitFor()
      await page.waitForFunction(() => (document.querySelector('video')?.readyState ?? 0) > 0)
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Use tiny.mp4 in a command' }).first().click()
      await page.getByRole('button', { name: 'Remove tiny.mp4' }).waitFor()
    })
  })
})
