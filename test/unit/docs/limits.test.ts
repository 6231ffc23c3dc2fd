import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'

const ROOT = path.resolve(import.meta.dirname, '../../..')
const GUIDE = path.join(ROOT, 'src/docs/guides/limits.md')

/** Cells of the rows of the guide's table. */
async function rows(): Promise<string[][]> {
  const [table = ''] = (await readFile(GUIDE, 'utf8')).split('\n## ')
  const lines = table.split('\n').filter((line) => line.startsWith('| '))
  return lines.slice(1).map((line) => line.slice(2, -2).split(' | '))
}

test('each limit has a source in Cloudflare’s documentation, a standing and a test', async () => {
  const table = await rows()
  expect(table.length).toBeGreaterThan(10)
  for (const cells of table) {
    expect(cells, cells[0]).toHaveLength(4)
    expect(cells[1], cells[0]).toMatch(/\(https:\/\/developers\.cloudflare\.com\//)
    expect(cells[3], cells[0]).toMatch(/^`test\//)
  }
})

test('the tests that hold the limits are there, under the names that the table gives', async () => {
  const named = (await rows()).flatMap((cells) => (cells[3] ?? '').split('; '))
  for (const entry of named) {
    const [, file = '', name = ''] = /^`([^`]+)`: (.+)$/.exec(entry) ?? []
    const source = await readFile(path.join(ROOT, file), 'utf8').catch(() => '')
    expect(source.includes(`'${name}'`), entry).toBe(true)
  }
})
