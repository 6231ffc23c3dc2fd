/** Makes the images before the tests of containers run, and tells them whether there is an engine at all. */
import type { TestProject } from 'vitest/node'
import { type Engine, prepareEngine } from './engine.ts'

declare module 'vitest' {
  interface ProvidedContext {
    engine: Engine
  }
}

export default async function setup(project: TestProject): Promise<void> {
  const engine = await prepareEngine((line) => console.log(line))
  project.provide('engine', engine)
  if (!engine.available) {
    console.log(`The tests of containers are skipped: ${engine.reason}`)
    project.provide('missing', [...project.vitest.getRootProject().getProvidedContext().missing, 'docker'])
  }
}
