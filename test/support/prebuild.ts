/** What stacks are started from, made once, before several that start at once would each make it. */
import { tmpdir } from 'node:os'
import type { TestProject } from 'vitest/node'
import { buildSite } from '../../src/cli/site.ts'
import { buildWorker } from '../../src/cli/worker-bundle.ts'

/** The projects of which several files start a stack. The others do not wait for a bundle, nor need a folder that can be written. */
const WITH_STACKS = ['browser', 'container', 'e2e']

export default async function setup({ vitest }: TestProject): Promise<void> {
  await buildSite()
  if (vitest.projects.some(({ name }) => WITH_STACKS.includes(name))) await buildWorker(tmpdir())
}
