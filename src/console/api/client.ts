/** Requests to the API, with the key of who is signed in. */
import { apiKey, signOut } from '../session.ts'
import type { Fault } from './types.ts'

/** An answer that is no success, or none at all. */
export class RequestFailed extends Error {
  override readonly name = 'RequestFailed'
  /** 0 where nothing answered. */
  readonly status: number
  /** Each thing that is wrong with the body of the request, where that is it. */
  readonly faults: Fault[]

  constructor(status: number, message: string, faults: Fault[] = []) {
    super(message)
    this.status = status
    this.faults = faults
  }
}

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Sent as JSON. */
  json?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal | undefined
}

/** The answer to a request to `/api/v1` + path. Throws RequestFailed unless it is a success. */
export async function send(path: string, { method = 'GET', json, headers, signal }: RequestOptions = {}): Promise<Response> {
  const response = await fetch(`/api/v1${path}`, {
    method,
    headers: { 'X-API-KEY': apiKey.value ?? '', ...(json !== undefined && { 'Content-Type': 'application/json' }), ...headers },
    ...(json !== undefined && { body: JSON.stringify(json) }),
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error
    throw new RequestFailed(0, 'The service does not answer. Is it running, and are you online?')
  })
  if (response.ok) return response
  throw await failureOf(response.status, await response.text())
}

/** The JSON that a request is answered with. */
export async function request<T>(path: string, options?: RequestOptions): Promise<T> {
  const response = await send(path, options)
  return response.json()
}

/** What an answer says that is no success. A key that is not known any more ends the session. */
export function failureOf(status: number, body: string): RequestFailed {
  if (status === 401) signOut('This key is not accepted any more. Sign in with another one.')
  try {
    const { message, detail }: { message: string; detail: string | Fault[] } = JSON.parse(body)
    return new RequestFailed(status, message, Array.isArray(detail) ? detail : [])
  } catch {
    return new RequestFailed(status, `The service answered ${status}.`)
  }
}

/** What to tell somebody about something that went wrong. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
