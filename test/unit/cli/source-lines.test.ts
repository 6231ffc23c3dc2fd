import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { sourceLines } from '../../../src/cli/source-lines.ts'

test('a stack trace names the lines of the sources; what is not of the script stays', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'renderio-map-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const script = path.join(folder, 'index.js')
  // The script's first line is the first of one source, its second the third of another.
  await writeFile(`${script}.map`, JSON.stringify({ version: 3, sources: ['src/a.ts', 'src/b.ts'], names: [], mappings: 'AAAA;ACEA' }))
  const inSources = sourceLines(script)
  const trace = `Error: broken\\n    at first (${script}:1:1)\\n    at index.js:2:1\\n    at other.js:2:1 "time":"2026-01-01T00:00:00.000Z"`
  expect(inSources(trace)).toBe(
    `Error: broken\\n    at first (${folder}/src/a.ts:1:1)\\n    at ${folder}/src/b.ts:3:1\\n    at other.js:2:1 "time":"2026-01-01T00:00:00.000Z"`,
  )
})
