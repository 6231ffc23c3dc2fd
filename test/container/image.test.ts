/** The executor's image without Cloudflare around it, as an operator runs it on a machine of their own. */
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { needs } from '../machine/needs.ts'
import { ApiClient } from '../support/api-client.ts'
import { startTestStack } from '../support/stack.ts'
import { waitUntil } from '../support/wait-until.ts'
import { docker, EXECUTOR_IMAGE } from './engine.ts'
import { IMAGES_TIMEOUT_MS, imagesMade } from './images.ts'

describe('the executor’s image by itself', { timeout: 4 * 60_000, ...needs('docker') }, () => {
  beforeAll(imagesMade, IMAGES_TIMEOUT_MS)

  test('does not start without a token, and says what to set', async () => {
    await expect(docker('run', '--rm', EXECUTOR_IMAGE)).rejects.toThrow(/EXECUTOR_TOKEN is not set.*TRUST_NETWORK=1/)
  })

  test('serves a Worker that is told its address and token, and asks everyone else for the token', async () => {
    const token = 'of-this-test'
    const id = await docker('run', '--detach', '--rm', '--publish', '127.0.0.1::8080', '--env', `EXECUTOR_TOKEN=${token}`, EXECUTOR_IMAGE)
    onTestFinished(async () => void (await docker('rm', '--force', id)))
    const url = `http://${await docker('port', id, '8080/tcp')}`
    await waitUntil('it listens', async () => (await fetch(`${url}/v1/health`).catch(() => null))?.status === 401)
    const stack = await startTestStack({ env: { EXECUTOR_URL: url, EXECUTOR_TOKEN: token } })
    onTestFinished(async () => void (await stack.stop()))
    const api = new ApiClient(stack)
    const command = { output_files: { out_v: 'tiny.png' }, ffmpeg_command: '-f lavfi -i testsrc=s=64x64 -frames:v 1 {{out_v}}' }
    expect((await api.ended(await api.submit(command))).status).toBe('SUCCESS')
    const isHealthy = () =>
      docker('exec', id, 'node', 'container/health-check.ts').then(
        () => true,
        () => false,
      )
    expect(await isHealthy()).toBe(true)
    await docker('exec', id, 'chmod', '-x', '/usr/bin/ffmpeg')
    await waitUntil('the health check fails', async () => !(await isHealthy()))
  })
})
