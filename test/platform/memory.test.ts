/** 128 MB an isolate, which many requests and objects may share: what each of them holds does not grow with what passes through it. */
import { expect, test } from 'vitest'
import { TestAccount } from '../worker/client.ts'
import { FilesClient } from '../worker/files-client.ts'
import { ledger } from './ledger.ts'

const MIB = 1024 * 1024
const PART = 5 * MIB
const UPLOADS = 3

test('a form that is uploaded has one part in memory, however large it is', async () => {
  ledger.mostBuffered = 0
  const bytes = new Uint8Array(2 * PART + 1)
  const accounts = await Promise.all(Array.from({ length: UPLOADS }, () => TestAccount.create()))
  const uploads = ledger.uploads
  await Promise.all(accounts.map((account, n) => new FilesClient(account).upload(bytes, `${n}.bin`)))
  expect(ledger.uploads - uploads).toBe(UPLOADS)
  expect(ledger.mostBuffered).toBeGreaterThanOrEqual(PART)
  expect(ledger.mostBuffered).toBeLessThanOrEqual(UPLOADS * PART)
})

test('outputs of a command are never in memory, side by side or in parts', async () => {
  ledger.mostBuffered = 0
  const account = await TestAccount.create()
  const uploads = ledger.uploads
  await account.succeed({
    output_files: { out_a: 'a.wav', out_b: 'b.wav', out_c: 'c.wav' },
    ffmpeg_command: '-f lavfi -i sine=d=70 {{out_a}} -t 65 {{out_b}} -t 1 {{out_c}}',
  })
  expect(ledger.uploads - uploads).toBe(2)
  expect(ledger.mostBuffered).toBe(0)
})
