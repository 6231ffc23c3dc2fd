/** What the Worker's tests need beside workerd: a real executor, a server of small real media files, and a receiver of webhooks. */
import type { TestProject } from 'vitest/node'
import { startExecutor } from './executor-process.ts'
import { startMediaServer } from './media-server.ts'
import { WebhookReceiver } from './webhook-receiver.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    executorUrl: string
    mediaUrl: string
    receiverUrl: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [executor, media, receiver] = await Promise.all([startExecutor(), startMediaServer(), WebhookReceiver.start()])
  project.provide('executorUrl', executor.url)
  project.provide('mediaUrl', media.url)
  project.provide('receiverUrl', receiver.url)
  return async () => {
    await Promise.all([executor.stop(), media.stop(), receiver.stop()])
  }
}
