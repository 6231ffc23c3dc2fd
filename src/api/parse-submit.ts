/** The bodies of submits that have several forms. */
import type { z } from '@hono/zod-openapi'
import type { Fault } from '../ffmpeg/command.ts'
import { chainOfStepsSchema, joinSteps } from './chain-steps.ts'
import { ValidationError } from './errors.ts'
import { faultsOf, misnamedFields } from './faults.ts'
import { type SubmitBody, submitSchema } from './schemas.ts'
import { type ChainedSubmitBody, chainedSubmitSchema } from './submit-schemas.ts'

/** A body as it was understood, and how to find in the one that was sent what is found in it. */
export interface Understood<Body> {
  body: Body
  sentAt: (loc: Fault['loc']) => Fault['loc']
}

/** A chain in either form. Throws a ValidationError with every fault, where the client finds it in what it sent. */
export function parseChain(sent: unknown): Understood<ChainedSubmitBody> {
  if (!isChainOfSteps(sent)) return { body: parse(chainedSubmitSchema, sent), sentAt: (loc) => loc }
  const joined = joinSteps(parse(chainOfStepsSchema, sent))
  if (!joined.ok) throw new ValidationError(joined.faults)
  const { body, sentAt } = joined.chain
  const parsed = chainedSubmitSchema.safeParse(body)
  if (!parsed.success) throw new ValidationError(placed(faultsOf(parsed.error.issues, body), sentAt))
  return { body: parsed.data, sentAt }
}

/** A single submit, or a chain in either form, as `parseChain`. */
export function parseAnySubmit(sent: unknown): Understood<SubmitBody | ChainedSubmitBody> {
  if (isObject(sent) && !('ffmpeg_command' in sent) && ('ffmpeg_commands' in sent || 'commands' in sent)) return parseChain(sent)
  return { body: parse(submitSchema, sent), sentAt: (loc) => loc }
}

/** Does something with a body that was understood. Its faults are thrown where the client finds them. */
export async function withBody<Body, T>({ body, sentAt }: Understood<Body>, work: (body: Body) => Promise<T>): Promise<T> {
  try {
    return await work(body)
  } catch (error) {
    if (error instanceof ValidationError) throw new ValidationError(placed(error.faults, sentAt), error.omitted)
    throw error
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, sent: unknown): z.output<Schema> {
  const parsed = schema.safeParse(sent)
  const faults = parsed.success ? misnamedFields(parsed.data, sent) : faultsOf(parsed.error.issues, sent)
  if (!parsed.success || faults.length > 0) throw new ValidationError(faults)
  return parsed.data
}

function placed(faults: readonly Fault[], sentAt: (loc: Fault['loc']) => Fault['loc']): Fault[] {
  return faults.map((fault) => ({ ...fault, loc: sentAt(fault.loc) }))
}

function isChainOfSteps(sent: unknown): boolean {
  return isObject(sent) && 'commands' in sent && !('ffmpeg_commands' in sent)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}
