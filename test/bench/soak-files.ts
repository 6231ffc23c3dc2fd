/** A file of the soak, from its first byte to its deletion. */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { ignoreGone } from './patient-client.ts'
import { END_TIMEOUT_MS, READ_WHOLE_BYTES, runCommand, storedBytes } from './soak-commands.ts'
import type { Session } from './soak-load.ts'

/** A file that clients give to the service. */
export interface Sample {
  url: string
  bytes: Buffer
}

const LOOK_EVERY_MS = 500

/** PUTs every part. Answers the file's id. */
export async function uploadInParts({ bytes }: Sample, session: Session): Promise<string> {
  const { client } = session
  const body = { filename: 'large.mov', size_bytes: bytes.length }
  const { file_id, part_size, upload_urls } = await client.ask((typed) => typed.POST('/api/v1/files/init-upload', { body }))
  session.accepted('file', file_id)
  const parts = await Promise.all(
    upload_urls.map(async (url, index) => {
      const part = new Uint8Array(bytes.subarray(index * part_size, (index + 1) * part_size))
      const { headers } = await client.fetch(url, { method: 'PUT', body: part })
      return { part_number: index + 1, etag: headers.get('etag') ?? '' }
    }),
  )
  const path = { file_id }
  await client.ask((typed) => typed.POST('/api/v1/files/{file_id}/complete-upload', { params: { path }, body: { parts } }))
  return file_id
}

/** Waits until the file is stored, looks whether it is the sample, has a command read it, and deletes it. */
export async function useFile(file_id: string, sample: Sample, seen: Map<string, string>, session: Session): Promise<string> {
  const { client } = session
  session.accepted('file', file_id)
  const path = { file_id }
  const deadline = Date.now() + END_TIMEOUT_MS
  let file = await client.ask((typed) => typed.GET('/api/v1/files/{file_id}', { params: { path } }))
  while (file.status === 'PROCESSING') {
    if (Date.now() > deadline) return `still PROCESSING after ${END_TIMEOUT_MS / 1000} s`
    await sleep(LOOK_EVERY_MS)
    file = await client.ask((typed) => typed.GET('/api/v1/files/{file_id}', { params: { path } }))
  }
  if (file.status !== 'STORED') return file.error_status ?? file.status
  const storage_url = file.storage_url ?? ''
  const size = await storedBytes(storage_url, sample.bytes.length, client)
  if (size !== sample.bytes.length) return `STORED with ${size} bytes instead of ${sample.bytes.length}`
  if (size <= READ_WHOLE_BYTES && digest((await client.fetch(storage_url)).body) !== digest(sample.bytes)) return 'STORED with other bytes'
  const body = {
    input_files: { in_file: storage_url },
    output_files: { out_file: 'x.mov' },
    ffmpeg_command: '-i {{in_file}} -c copy {{out_file}}',
  }
  const got = await runCommand({ name: `copy of ${sample.bytes.length} bytes`, expected: 'SUCCESS', body: () => body }, seen, session)
  await client.ask((typed) => typed.DELETE('/api/v1/files/{file_id}', { params: { path } })).catch(ignoreGone)
  return got
}

function digest(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
