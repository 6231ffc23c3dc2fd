/**
 * `npm run client`: writes the types of the API's client anew, from the OpenAPI document.
 * The generator wants a TypeScript older than the project's, so both are fetched for the occasion.
 */
import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { digestOf, openApiDocument } from './document.ts'

const GENERATOR = ['--package=openapi-typescript@7.13.0', '--package=typescript@5.9.3']
const TYPES = path.join(import.meta.dirname, 'openapi.ts')

const document = await openApiDocument()
const folder = await mkdtemp(path.join(tmpdir(), 'renderio-client-'))
try {
  const [source, made] = [path.join(folder, 'openapi.json'), path.join(folder, 'openapi.ts')]
  await writeFile(source, JSON.stringify(document))
  execFileSync('npx', ['--yes', ...GENERATOR, 'openapi-typescript', source, '--output', made], { stdio: 'inherit' })
  const head = `/** SHA-256 of the document that these types are made from. */\nexport const DOCUMENT_SHA256 = '${digestOf(document)}'\n\n`
  await writeFile(TYPES, head + (await readFile(made, 'utf8')))
} finally {
  await rm(folder, { recursive: true, force: true })
}
