/** From a command id in a URL to the command's object. */
import { z } from '@hono/zod-openapi'
import { ApiError } from './errors.ts'

const uuidSchema = z.uuid()

/** The object that may hold the command. Throws the 404 for what cannot be an id. */
export function commandStub(env: Env, id: string) {
  if (!uuidSchema.safeParse(id).success) throw noSuchCommand()
  return env.COMMAND.get(env.COMMAND.idFromName(id.toLowerCase()))
}

export function noSuchCommand(): ApiError {
  return new ApiError('NOT_FOUND', 'there is no command with this id')
}
