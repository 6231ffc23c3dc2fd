import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { differenceRows } from '../../../src/dialect/table.ts'

test('the guide shows every route of the dialect and how it differs', async () => {
  const guide = await readFile(path.resolve(import.meta.dirname, '../../../src/docs/guides/older-form.md'), 'utf8')
  for (const [where, difference] of differenceRows()) expect(guide).toContain(`| ${where} | ${difference} |\n`)
})
