/** Finds out which sandboxes hold on this machine, before the tests of a project that needs them. */
import type { TestProject } from 'vitest/node'
import type { SandboxKind } from '../../src/executor/protocol.ts'
import { startExecutor } from '../support/executor-process.ts'
import type { RequirementId } from './requirements.ts'

export default async function setup(project: TestProject): Promise<void> {
  const [landlock, bwrap] = await Promise.all([holds('landlock'), holds('bwrap')])
  const sandboxes: RequirementId[] = [
    ...(landlock ? [] : ['landlock' as const]),
    ...(bwrap ? [] : ['bwrap' as const]),
    ...(landlock || bwrap ? [] : ['sandbox' as const]),
  ]
  project.provide('missing', [...project.vitest.getRootProject().getProvidedContext().missing, ...sandboxes])
}

/** Whether an executor starts in this sandbox. Throws where it fails for another reason than the sandbox. */
async function holds(kind: SandboxKind): Promise<boolean> {
  try {
    const executor = await startExecutor({ env: { SANDBOX: kind } })
    await executor.stop()
    return true
  } catch (error) {
    // A start that fails for another reason must not look like a machine that lacks the sandbox.
    if (String(error).includes('no sandbox holds')) return false
    throw error
  }
}
