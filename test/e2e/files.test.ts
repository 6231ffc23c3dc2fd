/** Files through the whole stack: what a kill and a cut connection leave of them. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { fileBegunSchema, fileListSchema, fileSchema } from '../../src/api/file-schemas.ts'
import { ApiClient } from '../support/api-client.ts'
import { startGatedServer } from '../support/gated-server.ts'
import { startTestStack, type TestStack } from '../support/stack.ts'
import { waitUntil } from '../support/wait-until.ts'

let stack: TestStack
let api: ApiClient

beforeAll(async () => {
  stack = await startTestStack()
  api = new ApiClient(stack)
})
afterAll(() => stack.stop())

/**
 * Everything of the local bucket's files and of their parts: one blob each. The index beside them is left alone: a reader
 * of a database that workerd is just making can lock it out, and be locked out.
 */
async function blobs(): Promise<string[]> {
  const buckets = path.join(stack.stateDir, 'v3/r2')
  const names = await readdir(buckets, { recursive: true }).catch(() => [])
  return names.filter((name) => path.basename(path.dirname(name)) === 'blobs').sort()
}

test('kill -9 while a file is fetched: it goes on where it was, and every byte is in its place', async () => {
  const bytes = randomBytes(22_000_000)
  const gate = await startGatedServer(bytes)
  onTestFinished(() => gate.stop())
  const before = await blobs()
  const begun = await api.fetch('/api/v1/files/store-file', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ file_url: gate.url }),
  })
  const { file_id } = fileBegunSchema.parse(await begun.json())
  await waitUntil('two parts of it are in the bucket', async () => (await blobs()).length >= before.length + 2)
  await stack.killAll()
  await stack.start()
  gate.open()
  const file = await waitUntil('the file is stored', async () => {
    const response = await api.fetch(`/api/v1/files/${file_id}`)
    const current = fileSchema.parse(await response.json())
    return current.status !== 'PROCESSING' && current
  })
  expect([file.status, file.error_message]).toEqual(['STORED', null])
  expect(gate.starts.at(-1)).toBeGreaterThan(0)
  const stored = Buffer.from(await (await fetch(file.storage_url ?? '')).arrayBuffer())
  expect(Buffer.compare(stored, bytes)).toBe(0)
})

test('an upload whose connection is cut leaves nothing, neither in the list nor in the bucket', async () => {
  const before = { blobs: await blobs(), listed: await listed() }
  const socket = connect(stack.port, 'localhost')
  await once(socket, 'connect')
  const head = [
    'POST /api/v1/files/upload HTTP/1.1',
    `Host: localhost:${stack.port}`,
    `X-API-KEY: ${stack.apiKey}`,
    'Content-Type: multipart/form-data; boundary=b',
    'Content-Length: 50000000',
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="cut.bin"\r\n\r\n`)
  socket.write(randomBytes(12_000_000))
  await waitUntil('its first part is in the bucket', async () => (await blobs()).length > before.blobs.length)
  socket.destroy()
  await waitUntil('nothing of it is in the bucket', async () => (await blobs()).every((blob) => before.blobs.includes(blob)))
  expect(await listed()).toBe(before.listed)
})

async function listed(): Promise<number> {
  return fileListSchema.parse(await (await api.fetch('/api/v1/files')).json()).total
}
