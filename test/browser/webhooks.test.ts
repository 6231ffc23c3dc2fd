/** The account's webhook in the console. */
import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { needs } from '../machine/needs.ts'
import { ApiClient } from '../support/api-client.ts'
import { waitUntil } from '../support/wait-until.ts'
import { inConsole, place, screenshot, useBrowser } from './console-tab.ts'

useBrowser()

describe('webhooks', needs('chromium'), () => {
  test('are set, tested, and sent again, and each attempt is shown with what came back', async () => {
    const target = `/200/${randomUUID()}`
    /** How many have come whose body has this text. */
    const received = async (text: string) => {
      const answer = await fetch(`${place?.receiverUrl}/received?${encodeURIComponent(target)}`)
      const events: { body: string }[] = JSON.parse(await answer.text())
      return events.filter(({ body }) => body.includes(text)).length
    }
    await inConsole({}, async ({ page, url, apiKey, open }) => {
      const name = `${randomUUID()}.wav`
      await open('webhooks')
      await page.getByLabel('URL').fill(`${place?.receiverUrl}${target}`)
      await page.getByRole('button', { name: 'Make one' }).click()
      expect(await page.getByLabel('Secret').inputValue()).toMatch(/^whsec_/)
      await page.getByRole('button', { name: 'Set the webhook' }).click()
      await page.getByText('Active').waitFor()
      await page.getByRole('button', { name: 'Send a test event' }).click()
      await page.getByRole('list', { name: 'Test event' }).getByText('200', { exact: true }).waitFor()
      expect(await received('"test":true')).toBe(1)

      const api = new ApiClient({ url, apiKey })
      await api.ended(await api.submit({ ffmpeg_command: '-f lavfi -i sine=d=1 {{out_audio}}', output_files: { out_audio: name } }))
      await waitUntil('the event has come', async () => (await received(name)) === 1)
      const card = page.locator('.deliveries', { hasText: name })
      await card.getByText('Delivered').waitFor()
      await card.getByRole('button', { name: 'Send again' }).click()
      await card.getByText('by hand').waitFor()
      expect(await received(name)).toBe(2)
      await screenshot(page, 'webhooks-delivered')

      page.once('dialog', (dialog) => void dialog.accept())
      await page.getByRole('button', { name: 'Remove' }).click()
      await page.getByRole('button', { name: 'Set the webhook' }).waitFor()
    })
  })
})
