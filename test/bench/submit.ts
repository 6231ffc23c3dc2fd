/** Submits that cost the machine as little as they can, since client and service share it. */
import type { z } from 'zod'
import { commandSchema } from '../../src/api/schemas.ts'
import type { Stack } from '../../src/cli/stack.ts'
import type { SubmitOptions } from '../support/api-client.ts'

/** A picture of one frame. */
export const PICTURE: SubmitOptions = {
  ffmpeg_command: '-f lavfi -i color=d=1 -frames:v 1 {{out_file}}',
  output_files: { out_file: 'x.png' },
}

/** Takes a slot for so long, and no time of the machine's. */
export function sleepFor(seconds: number): SubmitOptions {
  return { ffmpeg_command: `-re -f lavfi -i anullsrc=d=${seconds} {{out_file}}`, output_files: { out_file: 'x.wav' } }
}

/** Answers the command's id. */
export async function submit(stack: Stack, body: SubmitOptions): Promise<string> {
  return (await post(stack, '', body)).command_id
}

/** From submit to SUCCESS, in one request where that takes no longer than a minute; answers the command's id. Throws where it ends otherwise. */
export async function runToSuccess(stack: Stack, body: SubmitOptions): Promise<string> {
  let command = await post(stack, '?wait=60', body)
  while (command.status === 'QUEUED' || command.status === 'PROCESSING') command = await wait(stack, command.command_id)
  const { command_id, status, error_message } = command
  if (status !== 'SUCCESS') throw new Error(`command ${command_id} is ${status}: ${error_message}`)
  return command_id
}

/** Gives back the disk that the command's outputs take. */
export async function deleteFiles(stack: Stack, commandId: string): Promise<void> {
  const response = await fetch(`${stack.url}/api/v1/commands/${commandId}/files`, {
    method: 'DELETE',
    headers: { 'x-api-key': stack.apiKey },
  })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  await response.body?.cancel()
}

/** Without a wait the answer is the id alone. */
const submittedSchema = commandSchema.pick({ command_id: true }).and(commandSchema.pick({ status: true, error_message: true }).partial())
type Submitted = z.infer<typeof submittedSchema>

async function post(stack: Stack, query: string, body: SubmitOptions): Promise<Submitted> {
  const headers = { 'x-api-key': stack.apiKey, 'content-type': 'application/json' }
  return read(await fetch(`${stack.url}/api/v1/run-ffmpeg-command${query}`, { method: 'POST', headers, body: JSON.stringify(body) }))
}

async function wait(stack: Stack, commandId: string): Promise<Submitted> {
  return read(await fetch(`${stack.url}/api/v1/commands/${commandId}?wait=60`, { headers: { 'x-api-key': stack.apiKey } }))
}

async function read(response: Response): Promise<Submitted> {
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return submittedSchema.parse(await response.json())
}
