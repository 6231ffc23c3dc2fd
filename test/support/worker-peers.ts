/** What the Worker's tests need beside workerd: a real executor, and a server of small real media files. */
import type { TestProject } from 'vitest/node'
import { startExecutor } from './executor-process.ts'
import { startMediaServer } from './media-server.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    executorUrl: string
    mediaUrl: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [executor, media] = await Promise.all([startExecutor(), startMediaServer()])
  project.provide('executorUrl', executor.url)
  project.provide('mediaUrl', media.url)
  return async () => {
    await Promise.all([executor.stop(), media.stop()])
  }
}
