/** Files through the whole stack: what a kill and a cut connection leave of them. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test } from 'vitest'
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

/** Rows of a table of the local bucket, read beside the running stack; 0 as long as there is no bucket, or only its empty file. */
async function bucketRows(table: '_mf_objects' | '_mf_multipart_uploads' | '_mf_multipart_parts', where = '1'): Promise<number> {
  const folder = path.join(stack.stateDir, 'v3/r2/miniflare-R2BucketObject')
  const names = await readdir(folder).catch(() => [])
  const name = names.find((file) => /^[0-9a-f]+\.sqlite$/.test(file))
  if (name === undefined) return 0
  const database = new DatabaseSync(path.join(folder, name), { readOnly: true })
  try {
    const exists = database.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(table)
    if (exists === undefined) return 0
    return Number(database.prepare(`SELECT COUNT(*) AS n FROM ${table} WHERE ${where}`).get()?.n)
  } finally {
    database.close()
  }
}

test('kill -9 while a file is fetched: it goes on where it was, and every byte is in its place', async () => {
  const bytes = randomBytes(22_000_000)
  const gate = await startGatedServer(bytes)
  const begun = await api.fetch('/api/v1/files/store-file', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ file_url: gate.url }),
  })
  const { file_id } = fileBegunSchema.parse(await begun.json())
  await waitUntil('two parts of it are in the bucket', async () => (await bucketRows('_mf_multipart_parts')) >= 2)
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
  await gate.stop()
})

test('an upload whose connection is cut leaves nothing, neither in the list nor in the bucket', async () => {
  // States of an upload: 0 is one that goes on.
  const goingOn = () => bucketRows('_mf_multipart_uploads', 'state = 0')
  const before = [await bucketRows('_mf_objects'), await listed(), await goingOn()]
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
  await waitUntil('its first part is in the bucket', async () => (await goingOn()) > (before[2] ?? 0))
  socket.destroy()
  await waitUntil('the upload is aborted', async () => (await goingOn()) === before[2])
  expect([await bucketRows('_mf_objects'), await listed()]).toEqual(before.slice(0, 2))
})

async function listed(): Promise<number> {
  return fileListSchema.parse(await (await api.fetch('/api/v1/files')).json()).total
}
