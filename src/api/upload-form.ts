/** The body of an upload: a form with one file in it, passed on while it comes. */
import { extensionOfType } from '../ffmpeg/media-type.ts'
import { type FormEvent, formBoundary, MalformedForm, MultipartForm } from '../files/multipart-form.ts'
import { ApiError, ValidationError } from './errors.ts'

const FIELD = 'file'
/** What a form may say beside the file, in bytes. */
const MAX_OTHER_BYTES = 1024 * 1024

/** Takes the file of a form. */
export interface FileSink {
  readonly bytes: number
  write(bytes: Uint8Array): Promise<void>
  /** The form is no good, so that nothing of the file may stay. */
  abandon(): Promise<void>
}

/**
 * Reads the form to its end. `begin` is called once, with the name that the client gives its file, and what it answers gets the bytes.
 * Throws an ApiError or a ValidationError that says what is wrong with the request.
 */
export async function readUploadForm<Sink extends FileSink>(
  request: Request,
  maxBytes: number,
  begin: (filename: string) => Promise<Sink>,
): Promise<Sink> {
  const boundary = formBoundary(request.headers.get('content-type') ?? '')
  if (boundary === null) {
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE', `send the file as the field "${FIELD}" of a multipart/form-data body, with its boundary`)
  }
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes + MAX_OTHER_BYTES) throw tooLarge(maxBytes)
  const form = new MultipartForm(boundary)
  const reading = new FormReading(maxBytes, begin)
  try {
    for await (const piece of piecesOf(request)) {
      for (const event of form.push(piece)) await reading.take(event)
    }
    form.end()
    return reading.end()
  } catch (error) {
    await reading.sink?.abandon()
    if (error instanceof MalformedForm) throw new ApiError('INVALID_REQUEST', error.message)
    throw error
  }
}

class FormReading<Sink extends FileSink> {
  readonly #maxBytes: number
  readonly #begin: (filename: string) => Promise<Sink>
  #sink: Sink | null = null
  /** Whether the part that is being read is the file. */
  #inFile = false
  #otherBytes = 0

  constructor(maxBytes: number, begin: (filename: string) => Promise<Sink>) {
    this.#maxBytes = maxBytes
    this.#begin = begin
  }

  /** Null until the file has begun. */
  get sink(): Sink | null {
    return this.#sink
  }

  async take(event: FormEvent): Promise<void> {
    switch (event.type) {
      case 'part':
        this.#inFile = event.name === FIELD
        if (!this.#inFile) return
        if (this.#sink) throw fault('is there twice; upload one file at a time')
        this.#sink = await this.#begin(nameOf(event))
        return
      case 'data':
        if (this.#inFile) return this.#write(event.bytes)
        this.#otherBytes += event.bytes.length
        if (this.#otherBytes <= MAX_OTHER_BYTES) return
        throw new ApiError('PAYLOAD_TOO_LARGE', `the fields beside "${FIELD}" have more than 1 MiB; they are not used, so leave them out`)
      case 'end':
        return
      default:
        event satisfies never
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    if (!this.#sink) return
    if (this.#sink.bytes + bytes.length > this.#maxBytes) throw tooLarge(this.#maxBytes)
    await this.#sink.write(bytes)
  }

  /** The form is complete. */
  end(): Sink {
    if (!this.#sink) throw fault('is missing; send the file under this name')
    if (this.#sink.bytes === 0) throw fault('is empty')
    return this.#sink
  }
}

/** A part may have no name of its own: some clients send a file from memory with an empty one, or with its type alone. */
function nameOf({ filename, contentType }: { filename: string | null; contentType: string | null }): string {
  if (filename) return filename
  // A form's ordinary field has neither: what should be a file is then most likely its path.
  if (filename === null && contentType === null)
    throw fault('has no filename, as a text has none; send it as a file (with curl: -F file=@video.mp4)')
  return `upload${extensionOfType(contentType ?? '')}`
}

/** A request that breaks off is the client's fault, and nobody waits for the answer. */
async function* piecesOf({ body }: Request): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader()
  if (!reader) return
  try {
    for (;;) {
      const piece = await reader.read().catch(() => {
        throw new ApiError('INVALID_REQUEST', 'the body broke off')
      })
      if (piece.done) return
      yield piece.value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

function fault(msg: string): ValidationError {
  return new ValidationError([{ loc: [FIELD], msg, type: 'value_error' }])
}

function tooLarge(maxBytes: number): ApiError {
  const most = Math.floor(maxBytes / 1024 / 1024)
  return new ApiError('PAYLOAD_TOO_LARGE', `the file is larger than ${most} MB, the most a file may have`)
}
