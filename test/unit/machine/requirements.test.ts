import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { REQUIREMENTS } from '../../machine/requirements.ts'

test('CONTRIBUTING lists everything that a test may need, for Linux and for macOS', async () => {
  const text = await readFile(path.resolve(import.meta.dirname, '../../../CONTRIBUTING.md'), 'utf8')
  for (const { name, linux, macos } of Object.values(REQUIREMENTS)) expect(text).toContain(`| ${name} | ${linux} | ${macos} |`)
})
