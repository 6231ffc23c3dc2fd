/** Spans of our own in the platform's traces, beside those that it makes of every request to an object, a service or the network. */
import { tracing } from 'cloudflare:workers'

export interface SpanDescription {
  name: string
  /** Ids and numbers only: a trace is kept like a log. */
  attributes: Record<string, string | number>
}

/** Does `work` in a span, where the invocation is traced. */
export function inSpan<T>({ name, attributes }: SpanDescription, work: () => Promise<T>): Promise<T> {
  return tracing.enterSpan(name, (span) => {
    span.setAttributes(attributes)
    return work()
  })
}
