/** Presets in the console. */
import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { needs } from '../machine/needs.ts'
import { inConsole, useBrowser } from './console-tab.ts'

useBrowser()

describe('presets', needs('chromium'), () => {
  test('a command is kept under a name, renamed, used, and deleted', async () => {
    const [name, newName] = [`Tone ${randomUUID()}`, `Sound ${randomUUID()}`]
    await inConsole({}, async ({ page }) => {
      await page.locator('#command-0').fill('ffmpeg -i {{in_media}} -vn {{out_audio}}')
      await page.getByText('Ready to run').waitFor()
      await page.getByRole('button', { name: 'Save as preset' }).click()
      await page.getByRole('textbox', { name: 'Name' }).fill(name)
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await page.getByRole('heading', { name }).waitFor()

      await page.getByRole('button', { name: `Rename ${name}` }).click()
      await page.getByRole('textbox', { name: 'Name' }).fill(newName)
      await page.getByRole('button', { name: 'Save', exact: true }).click()
      await page.getByRole('button', { name: `Use ${newName}` }).click()
      await page.getByText('Ready to run').waitFor()
      expect(await page.locator('#command-0').inputValue()).toBe('ffmpeg -i {{in_media}} -vn {{out_audio}}')

      await page.getByRole('link', { name: 'Presets' }).click()
      page.once('dialog', (dialog) => void dialog.accept())
      await page.getByRole('button', { name: `Delete ${newName}` }).click()
      await page.getByRole('heading', { name: newName }).waitFor({ state: 'detached' })
    })
  })

  test('one of the system is a command to begin with', async () => {
    await inConsole({}, async ({ page }) => {
      const presets = page.getByLabel('A preset')
      // The last of them, for one key: a choice by the first letters takes several, whose pace would matter.
      await presets.locator('option:last-child', { hasText: 'in two passes' }).waitFor({ state: 'attached' })
      await presets.press('End')
      await page.getByRole('textbox', { name: 'Step 2' }).waitFor()
      await page.getByText('Ready to run').waitFor()
    })
  })
})
