/** The secrets of one state folder: made at its first start, and kept, so that keys and signed URLs outlive a restart. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { API_KEY_PATTERN, newApiKey } from '../api/api-key.ts'
import { OperatorError } from './operator-error.ts'

const instanceSecretsSchema = z.object({
  api_key: z.string().regex(API_KEY_PATTERN),
  api_key_created_at: z.iso.datetime(),
  url_signing_secret: z.string().min(32),
  executor_token: z.string().min(32),
})
export type InstanceSecrets = z.infer<typeof instanceSecretsSchema>

/** Reads the secrets of `stateDir`, making them where it has none. */
export async function loadInstanceSecrets(stateDir: string): Promise<InstanceSecrets> {
  const file = path.join(stateDir, 'secrets.json')
  const text = await readIfExists(file)
  if (text !== null) return parseSecrets(text, file)
  const secrets: InstanceSecrets = {
    api_key: newApiKey(),
    api_key_created_at: new Date().toISOString(),
    url_signing_secret: randomBytes(32).toString('hex'),
    executor_token: randomBytes(32).toString('hex'),
  }
  await writePrivateFile(file, `${JSON.stringify(secrets, null, 2)}\n`)
  return secrets
}

/** A name that no other state folder has, on this machine or another, and that tells nothing of the secrets. */
export function scopeOf(secrets: InstanceSecrets, stateDir: string): string {
  return createHash('sha256').update(secrets.url_signing_secret).update(stateDir).digest('hex').slice(0, 16)
}

/** Writes a file that only its owner can read, whole or not at all. */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  const unfinished = `${file}.${process.pid}`
  await writeFile(unfinished, text, { mode: 0o600 })
  await rename(unfinished, file)
}

function parseSecrets(text: string, file: string): InstanceSecrets {
  try {
    return instanceSecretsSchema.parse(JSON.parse(text))
  } catch {
    throw new OperatorError(`${file} is damaged: restore it, or delete it to start with a new API key and invalidate all signed URLs`)
  }
}

async function readIfExists(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
