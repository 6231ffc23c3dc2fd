/** The bundle of a Worker, as the first start in a fresh clone makes it. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { bundleWorker } from '../../src/cli/worker-bundle.ts'

test('is made while the pages that the Worker serves are still in the making', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'renderio-test-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const config = path.join(folder, 'wrangler.toml')
  await writeFile(path.join(folder, 'index.js'), 'export default { fetch: () => new Response() }')
  await writeFile(
    config,
    'name = "one"\nmain = "index.js"\ncompatibility_date = "2026-10-01"\n[assets]\ndirectory = "dist/site"\n[vars]\nA = "a"\n',
  )
  const bundle = await bundleWorker(config, path.join(folder, 'bundle'), folder)
  expect(JSON.parse(await readFile(bundle.options, 'utf8'))).toMatchObject({ name: 'one', bindings: { A: 'a' } })
})
