/** One JSON line per event, to the console, where Cloudflare and `npm run dev` pick it up. */
import { redact } from '../outbound/redact.ts'

type LogLevel = 'info' | 'warn' | 'error'

/** Writes `event` with its fields. Every string passes the redaction, an error's stack included. */
export function log(level: LogLevel, event: string, fields: Record<string, unknown> = {}): void {
  console.log(redact(JSON.stringify({ level, time: new Date().toISOString(), event, ...fields }, describeErrors)))
}

function describeErrors(_key: string, value: unknown): unknown {
  return value instanceof Error ? { name: value.name, message: value.message, stack: value.stack } : value
}
