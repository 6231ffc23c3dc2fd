/** `npx wrangler dev` as README has it for a machine with Docker. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { removeContainers } from '../../src/cli/docker.ts'
import { findFreePort } from '../../src/cli/ports.ts'
import { needs } from '../machine/needs.ts'
import { ApiClient } from '../support/api-client.ts'
import { localTesting, quietWrangler, sendAsCurl, testOptions } from '../support/local-testing.ts'
import { Terminal } from '../support/terminal.ts'
import { waitUntil } from '../support/wait-until.ts'
import { docker, type EngineEnvironment } from './engine.ts'
import { IMAGES_TIMEOUT_MS, imagesMade } from './images.ts'

/** Wrangler builds the image again, from layers that are there. */
const START_TIMEOUT_MS = 9 * 60_000

/** Names of the containers that run FFmpeg for the objects in this folder, without those through which workerd reaches them. */
async function executorsOf(folder: string): Promise<string[]> {
  const objects = (await readdir(path.join(folder, 'v3/do/renderio-Executor'))).map((file) => path.parse(file).name)
  const names = (await docker('ps', '--filter', 'name=^/?workerd-renderio-Executor-', '--format', '{{.Names}}')).split('\n')
  return names.filter((name) => objects.some((object) => name.endsWith(`-${object}`)))
}

describe('npx wrangler dev with Docker', needs('docker'), () => {
  let engine: EngineEnvironment
  beforeAll(async () => {
    engine = await imagesMade()
  }, IMAGES_TIMEOUT_MS)

  test('a command goes from README’s curl through a container to a file, and Ctrl-C ends the container', {
    timeout: START_TIMEOUT_MS + 3 * 60_000,
  }, async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'renderio-wrangler-test-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const readme = await localTesting()
    const port = await findFreePort()
    // Where wrangler ends, it removes every container of its image that it is shown.
    const own = {
      WRANGLER_DOCKER_BIN: path.join(import.meta.dirname, 'stand-ins/docker-own.sh'),
      OWN_DOCKER: engine.WRANGLER_DOCKER_BIN ?? 'docker',
      OWN_STATE: folder,
    }
    onTestFinished(() => removeContainers(folder))
    const wrangler = new Terminal(`${readme.withDocker} ${testOptions({ port, folder })}`, { ...quietWrangler(folder), ...engine, ...own })
    onTestFinished(async () => void (await wrangler.interrupt()))
    await wrangler.prints(/Ready on /, START_TIMEOUT_MS)
    const [, key] = await wrangler.prints(/API key.*(ffsk_[0-9a-f]{64})/, START_TIMEOUT_MS)
    const answer = await sendAsCurl(readme.curl, port)
    const api = new ApiClient({ url: `http://localhost:${port}`, apiKey: key ?? '' })
    const command = await api.ended(JSON.parse(await answer.text()).command_id, 120_000)
    expect(command).toMatchObject({ status: 'SUCCESS', output_files: { out_video: { duration: 5 } } })
    expect(await executorsOf(folder), 'a container ran it').toHaveLength(1)
    const { storage_url, size_mbytes } = command.output_files.out_video ?? {}
    expect((await (await fetch(storage_url ?? '')).bytes()).length / 1e6).toBe(size_mbytes)
    await wrangler.interrupt()
    await waitUntil('no container runs', async () => (await executorsOf(folder)).length === 0)
  })
})
