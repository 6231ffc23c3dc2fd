/** One stack, one browser, a media server and a webhook receiver for all files of this folder. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { chromium } from 'playwright-core'
import type { TestProject } from 'vitest/node'
import { type ApiKeyRecord, hashApiKey, newApiKey } from '../../src/api/api-key.ts'
import { namespaceId } from '../../src/cli/key-store.ts'
import { withLocalKv } from '../../src/cli/miniflare.ts'
import { findChromium } from '../machine/chromium.ts'
import { startMediaServer } from '../support/media-server.ts'
import { startTestStack } from '../support/stack.ts'
import { WebhookReceiver } from '../support/webhook-receiver.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Null where the machine has no Chromium. */
    browser: { endpoint: string; url: string; apiKeys: Record<string, string>; mediaUrl: string; receiverUrl: string } | null
  }
}

/** Chromium talks to nobody but the pages that it is shown. */
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
]

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const executablePath = findChromium()
  if (executablePath === null) {
    project.provide('browser', null)
    return
  }
  const stateDir = await mkdtemp(path.join(tmpdir(), 'renderio-test-'))
  const [server, { stack, apiKeys }, media, receiver] = await Promise.all([
    chromium.launchServer({ executablePath, args: [...QUIET, '--autoplay-policy=no-user-gesture-required'] }),
    startWithAccounts(stateDir),
    startMediaServer(),
    WebhookReceiver.start(),
  ])
  project.provide('browser', {
    endpoint: server.wsEndpoint(),
    url: stack.url,
    apiKeys,
    mediaUrl: media.url,
    receiverUrl: receiver.url,
  })
  return async () => {
    await server.close()
    await Promise.all([stack.stop(), media.stop(), receiver.stop()])
    await rm(stateDir, { recursive: true, force: true })
  }
}

/** A stack with an account for each test file, named like it: what one file does moves nothing on another's pages. */
async function startWithAccounts(stateDir: string) {
  const names = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.test.ts'))
  const apiKeys = Object.fromEntries(names.map((name) => [name, newApiKey()]))
  // Before the Worker starts, and all at once: whoever opens the store beside another may find it locked.
  await withLocalKv({ id: namespaceId(), stateDir }, async (kv) => {
    for (const [name, key] of Object.entries(apiKeys)) {
      const record: ApiKeyRecord = { account: path.basename(name, '.test.ts'), label: '', created_at: new Date().toISOString() }
      await kv.put(await hashApiKey(key), JSON.stringify(record))
    }
  })
  return { stack: await startTestStack({ stateDir }), apiKeys }
}
