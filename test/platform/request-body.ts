/** The body of a request that is sent out, counted as it passes. */
import { ledger } from './ledger.ts'
import { PLATFORM } from './limits.ts'

/** Sends a request, which fails where its body has more bytes than the platform lets through. */
export function sendCounted(request: Request, send: (request: Request) => Promise<Response>): Promise<Response> {
  if (request.body === null) return send(request)
  let bytes = 0
  const tooLarge = Promise.withResolvers<never>()
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength
      ledger.largestBody = Math.max(ledger.largestBody, bytes)
      if (bytes > PLATFORM.bodyBytes) {
        const path = new URL(request.url).pathname.replace(/[0-9a-f-]{36}/, '…')
        const violation = ledger.violate('request body', `${request.method} ${path} has more than ${PLATFORM.bodyBytes} bytes`)
        tooLarge.reject(violation)
        throw violation
      }
      controller.enqueue(chunk)
    },
  })
  const counted = request.body.pipeThrough(counter)
  const length = request.headers.get('content-length')
  const body = length === null ? counted : counted.pipeThrough(new FixedLengthStream(Number(length)))
  return Promise.race([send(new Request(request, { body })), tooLarge.promise])
}
