/** How tests wait for the images that they need. */
import { inject } from 'vitest'
import { z } from 'zod'
import { waitUntil } from '../support/wait-until.ts'
import type { EngineEnvironment } from './engine.ts'

/** As long as it may take to make them on a busy machine. */
export const IMAGES_TIMEOUT_MS = 10 * 60_000

/** Resolves when the images are made. Throws where that has failed. */
export function imagesMade(): Promise<EngineEnvironment> {
  return waitUntil(
    'the images are made',
    async () => {
      const answer = await fetch(inject('imagesUrl'))
      if (answer.status === 500) throw new Error(`The images cannot be made: ${await answer.text()}`)
      return answer.status === 200 && z.record(z.string(), z.string()).parse(await answer.json())
    },
    IMAGES_TIMEOUT_MS,
  )
}
