import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { differenceRows } from '../../../src/dialect/table.ts'

test('the README shows every route of the dialect and how it differs', async () => {
  const readme = await readFile(path.resolve(import.meta.dirname, '../../../README.md'), 'utf8')
  for (const [where, difference] of differenceRows()) expect(readme).toContain(`| ${where} | ${difference} |\n`)
})
