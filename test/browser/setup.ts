/** One stack, one browser, a media server and a webhook receiver for all files of this folder. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { chromium } from 'playwright-core'
import type { TestProject } from 'vitest/node'
import { findChromium } from '../machine/chromium.ts'
import { makeAccounts } from '../support/accounts.ts'
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
  const files = (await readdir(import.meta.dirname)).filter((name) => name.endsWith('.test.ts'))
  const apiKeys = await makeAccounts(
    stateDir,
    files.map((file) => path.basename(file, '.test.ts')),
  )
  return { stack: await startTestStack({ stateDir }), apiKeys }
}
