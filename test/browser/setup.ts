/** One stack, one browser, a media server and a webhook receiver for all files of this folder. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { chromium } from 'playwright-core'
import type { TestProject } from 'vitest/node'
import { startMediaServer } from '../support/media-server.ts'
import { startTestStack } from '../support/stack.ts'
import { WebhookReceiver } from '../support/webhook-receiver.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Null where the machine has no Chromium. */
    browser: { endpoint: string; url: string; apiKey: string; mediaUrl: string; receiverUrl: string } | null
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
    console.log('The console is not tested: there is no Chromium. Install it, or name it by CHROMIUM_PATH.')
    project.provide('browser', null)
    return
  }
  const [server, stack, media, receiver] = await Promise.all([
    chromium.launchServer({ executablePath, args: [...QUIET, '--autoplay-policy=no-user-gesture-required'] }),
    startTestStack(),
    startMediaServer(),
    WebhookReceiver.start(),
  ])
  project.provide('browser', {
    endpoint: server.wsEndpoint(),
    url: stack.url,
    apiKey: stack.apiKey,
    mediaUrl: media.url,
    receiverUrl: receiver.url,
  })
  return async () => {
    await server.close()
    await Promise.all([stack.stop(), media.stop(), receiver.stop()])
  }
}

function findChromium(): string | null {
  const named = process.env.CHROMIUM_PATH
  if (named) return named
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(path.delimiter)]
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  return folders.flatMap((folder) => names.map((name) => path.join(folder, name))).find((file) => existsSync(file)) ?? null
}
