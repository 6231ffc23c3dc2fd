/**
 * The Worker on this machine as a program of its own, and with it the API key that it must know:
 * `node local-worker.ts <script> <Miniflare's options> <port> <state folder> <file of variables> [<SHA-256 of the key> <its record>]`.
 */
import { readFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { z } from 'zod'
import { sweepBucket } from './bucket-sweep.ts'
import { startMiniflare } from './miniflare.ts'
import { callRegularly } from './schedule.ts'
import { KEY_IS_STORED } from './worker-output.ts'

const [script = '', options = '', port = '', stateDir = '', envFile = '', keyHash, keyRecord] = process.argv.slice(2)
const vars = z.record(z.string(), z.string()).parse(parseEnv(await readFile(envFile, 'utf8')))
try {
  await sweepBucket(stateDir)
} catch (error) {
  console.error(`What cut uploads have left in ${stateDir} could not be looked for: ${error instanceof Error ? error.message : error}`)
}
const miniflare = await startMiniflare({ bundle: { script, options }, port: Number(port), stateDir, vars })
const worker = await miniflare.getWorker()
callRegularly(() => worker.scheduled())
process.once('SIGTERM', () => void miniflare.dispose().finally(() => process.exit()))
if (keyHash !== undefined && keyRecord !== undefined) {
  const keys = await miniflare.getKVNamespace('KEYS')
  await keys.put(keyHash, keyRecord)
  console.log(KEY_IS_STORED)
}
