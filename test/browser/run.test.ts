/** From a key to a result that plays: what somebody does who tries the service for the first time. */
import { describe, expect, test } from 'vitest'
import { needs } from '../machine/needs.ts'
import { accountKey, inConsole, inTab, place, screenshot, useBrowser } from './console-tab.ts'

useBrowser()

describe('running a command', needs('chromium'), () => {
  test('a key that is not known is refused with the reason, and one that is lets in until one signs out', async () => {
    await inTab({}, async (page) => {
      await page.goto(place?.url ?? '')
      await page.getByLabel('API key').fill('hello')
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByText('An API key is ffsk_').waitFor()
      await page.getByLabel('API key').fill(`ffsk_${'0'.repeat(64)}`)
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByText('does not know this key').waitFor()
      await page.getByLabel('API key').fill(accountKey())
      await page.getByRole('button', { name: 'Sign in' }).click()
      await page.getByRole('heading', { level: 1, name: 'Run a command' }).waitFor()
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.getByLabel('API key').waitFor()
    })
  })

  test('an example runs, and its video plays in the page', async () => {
    await inConsole({}, async ({ page, apiKey }) => {
      await page.getByRole('button', { name: 'Test pattern, no input' }).click()
      // At the pace at which it plays, so that the page has to follow it.
      const editor = page.locator('#command-0')
      await editor.fill((await editor.inputValue()).replace('ffmpeg -f', 'ffmpeg -re -f').replace('-t 8', '-t 2'))
      await page.getByText('Ready to run').waitFor()
      await page.getByRole('button', { name: 'Run', exact: true }).click()
      await page.getByRole('heading', { level: 1, name: 'pattern.webm' }).waitFor()
      const video = page.locator('video')
      await video.waitFor()
      await video.evaluate((element: HTMLVideoElement) => element.play())
      await page.waitForFunction(() => (document.querySelector('video')?.currentTime ?? 0) > 0.5)
      expect(await page.locator('.made dl').innerText()).toMatch(/1280 × 720[\s\S]*0:02[\s\S]*vp9/)
      await screenshot(page, 'command-done')

      await page.getByText('Request', { exact: true }).click()
      const code = page.getByLabel('The request in curl')
      expect(await code.innerText()).toContain('$RENDERIO_API_KEY')
      await page.getByText('Python', { exact: true }).click()
      expect(await page.getByLabel('The request in Python').innerText()).toContain('"out_video": "pattern.webm"')
      expect(await page.content()).not.toContain(apiKey)

      await page.reload()
      await video.waitFor()
    })
  })

  test('a fault is told as one types, at the field that it is about, and is gone when it is mended', async () => {
    await inConsole({}, async ({ page }) => {
      const editor = page.locator('#command-0')
      await editor.fill('ffmpeg -i {{in_video}} -vf "scale=640:-2 {{out_video}}')
      await page.locator('#command-0-faults', { hasText: 'quot' }).waitFor()
      expect(await page.getByRole('button', { name: 'Run', exact: true }).isDisabled()).toBe(true)
      await screenshot(page, 'run-fault')
      await editor.fill('ffmpeg -i {{in_video}} -vf "scale=640:-2" {{out_video}}')
      await page.getByText('Ready to run').waitFor()
      await page.getByLabel('out_video').fill('no/path.mp4')
      await page.locator('#output-out_video-faults', { hasText: 'plain file name' }).waitFor()
      await page.getByLabel('out_video').fill('small.mp4')
      await page.getByText('Ready to run').waitFor()
      await page.getByRole('button', { name: 'Run', exact: true }).click()
      await page.getByText('Give a URL, or choose a file.').waitFor()
    })
  })

  test('a command that FFmpeg refuses says why', async () => {
    await inConsole({}, async ({ page }) => {
      await page.locator('#command-0').fill('ffmpeg -f lavfi -i sine=d=nonsense {{out_audio}}')
      await page.getByText('Ready to run').waitFor()
      await page.keyboard.press('Control+Enter')
      await page.getByRole('heading', { name: 'FFmpeg has refused' }).waitFor()
      expect(await page.getByLabel('The message').innerText()).toContain('nonsense')
      await screenshot(page, 'command-failed')
    })
  })

  test('a command without output files shows the text that it has for its result', async () => {
    await inConsole({}, async ({ page }) => {
      await page.locator('#command-0').fill('ffmpeg -f lavfi -i sine=d=1 -af volumedetect -f md5 -')
      await page.getByText('Ready to run').waitFor()
      await page.getByRole('button', { name: 'Run', exact: true }).click()
      await page.getByRole('heading', { level: 1, name: 'ffmpeg -f lavfi' }).waitFor()
      await page.locator('.made pre', { hasText: 'MD5=' }).waitFor()
      await page.locator('.made pre', { hasText: 'mean_volume' }).waitFor()
      await screenshot(page, 'command-text')
    })
  })

  test('the progress of a command that goes on is seen; it can be cancelled, and run again', async () => {
    await inConsole({}, async ({ page }) => {
      await page.locator('#command-0').fill('ffmpeg -re -f lavfi -i testsrc2=s=640x360 -t 100 {{out_video}}')
      await page.getByText('Ready to run').waitFor()
      await page.getByRole('button', { name: 'Run', exact: true }).click()
      await page.locator('.stages .now', { hasText: 'FFmpeg' }).waitFor()
      await page.locator('.percent', { hasText: /[1-9]\d*%/ }).waitFor()
      await screenshot(page, 'command-running')
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.getByRole('heading', { name: 'Cancelled' }).waitFor()
      const first = page.url()
      await page.getByRole('button', { name: 'Run again' }).click()
      await page.waitForURL((url) => url.href !== first && url.hash.startsWith('#/commands/'))
      await page.getByRole('button', { name: 'Cancel' }).click()
      await page.getByRole('heading', { name: 'Cancelled' }).waitFor()
    })
  })

  test('metadata and a time limit are part of what is sent', async () => {
    await inConsole({}, async ({ page }) => {
      await page.locator('#command-0').fill('ffmpeg -f lavfi -i sine=d=1 {{out_audio}}')
      await page.getByRole('heading', { name: 'Options' }).click()
      await page.getByLabel('Time limit').fill('20')
      await page.getByRole('button', { name: 'Add a line' }).click()
      await page.getByLabel('Name 1').fill('order')
      await page.getByLabel('Value 1').fill('4711')
      await page.getByText('Ready to run').waitFor()
      await page.getByRole('button', { name: 'Run', exact: true }).click()
      await page.locator('audio').waitFor()
      await page.getByText('Request', { exact: true }).click()
      await page.getByText('4711', { exact: true }).waitFor()
    })
  })
})
