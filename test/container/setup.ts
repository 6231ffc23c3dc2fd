/**
 * Tells the tests of containers whether there is an engine at all, and makes the images that they need. That takes a while where nothing is
 * there yet, so it goes on beside the tests of other projects, and those that need the images wait for them.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { findEngine, makeImages } from './engine.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Answers with an `EngineEnvironment` once the images are made; with status 202 before, and 500 if they cannot be made. */
    imagesUrl: string
  }
}

export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const engine = await findEngine()
  if (!engine.available) {
    console.log(`The tests of containers are skipped: ${engine.reason}`)
    project.provide('missing', [...project.vitest.getRootProject().getProvidedContext().missing, 'docker'])
    return
  }
  const stopping = new AbortController()
  let answer = { status: 202, body: '' }
  const making = makeImages((line) => console.log(line), stopping.signal).then(
    (env) => {
      answer = { status: 200, body: JSON.stringify(env) }
    },
    (error) => {
      answer = { status: 500, body: String(error) }
    },
  )
  const server = createServer((_request, response) => response.writeHead(answer.status).end(answer.body)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  project.provide('imagesUrl', `http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  return async () => {
    stopping.abort()
    await making
    await server[Symbol.asyncDispose]()
  }
}
