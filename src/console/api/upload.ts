/** Files from this machine: small ones in one request, large ones in parts, a few of them at a time. */
import { apiKey } from '../session.ts'
import { failureOf, RequestFailed, request } from './client.ts'
import type { StoredFile, UploadBegun } from './types.ts'

/** A part that fails costs less than a whole file. */
const IN_PARTS_FROM_BYTES = 32 * 1024 * 1024
const PARTS_AT_A_TIME = 3
const ATTEMPTS = 4

export interface UploadOptions {
  /** Gets the share that has arrived, from 0 to 1. */
  onProgress(share: number): void
  signal: AbortSignal
}

/** Uploads a file and answers what became of it. Rejects where it is refused, or when `signal` aborts. */
export async function uploadFile(file: File, options: UploadOptions): Promise<{ file_id: string; storage_url: string | null }> {
  if (file.size < IN_PARTS_FROM_BYTES) {
    const form = new FormData()
    form.set('file', file)
    const { body } = await transfer('POST', '/api/v1/files/upload', form, { 'X-API-KEY': apiKey.value ?? '' }, options.signal, (sent) =>
      options.onProgress(Math.min(1, sent / file.size)),
    )
    return JSON.parse(body)
  }
  return uploadInParts(file, options)
}

async function uploadInParts(file: File, { onProgress, signal }: UploadOptions): Promise<StoredFile> {
  const begun = await request<UploadBegun>('/files/init-upload', {
    method: 'POST',
    json: { filename: file.name, size_bytes: file.size },
    signal,
  })
  const sent = begun.upload_urls.map(() => 0)
  const etags: string[] = []
  const waiting = Array.from(begun.upload_urls.entries())
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, url] = next
      const part = file.slice(index * begun.part_size, (index + 1) * begun.part_size)
      etags[index] = await sendPart(url, part, signal, (bytes) => {
        sent[index] = Math.min(bytes, part.size)
        onProgress(sent.reduce((sum, bytesOfPart) => sum + bytesOfPart, 0) / file.size)
      })
    }
  }
  try {
    await Promise.all(Array.from({ length: PARTS_AT_A_TIME }, worker))
    const parts = etags.map((etag, index) => ({ part_number: index + 1, etag }))
    return await request<StoredFile>(`/files/${begun.file_id}/complete-upload`, { method: 'POST', json: { parts }, signal })
  } catch (error) {
    waiting.length = 0
    await request(`/files/${begun.file_id}`, { method: 'DELETE' }).catch(() => {})
    throw error
  }
}

/** Answers the part's ETag. What fails on the way is sent again. */
async function sendPart(url: string, part: Blob, signal: AbortSignal, onSent: (bytes: number) => void): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { etag } = await transfer('PUT', url, part, {}, signal, onSent)
      return etag
    } catch (error) {
      const lasting = error instanceof RequestFailed && error.status >= 400 && error.status < 500
      if (signal.aborted || lasting || attempt === ATTEMPTS) throw error
      await new Promise((resolve) => setTimeout(resolve, 500 * 2 ** attempt))
    }
  }
}

/** One request by XMLHttpRequest, since `fetch` does not tell how much of a body has been sent. */
function transfer(
  method: 'POST' | 'PUT',
  url: string,
  body: FormData | Blob,
  headers: Record<string, string>,
  signal: AbortSignal,
  onSent: (bytes: number) => void,
): Promise<{ body: string; etag: string }> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest()
    xhr.open(method, url)
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value)
    xhr.upload.onprogress = (event) => onSent(event.loaded)
    xhr.onload = () => {
      if (xhr.status >= 200 && xhr.status < 300) resolve({ body: xhr.responseText, etag: xhr.getResponseHeader('etag') ?? '' })
      else reject(failureOf(xhr.status, xhr.responseText))
    }
    xhr.onerror = () => reject(new RequestFailed(0, 'The connection broke during the upload.'))
    xhr.onabort = () => reject(new DOMException('The upload was cancelled.', 'AbortError'))
    signal.addEventListener('abort', () => xhr.abort())
    xhr.send(body)
  })
}
