/** How a test says what it needs of the machine. */
import { inject, type TestOptions } from 'vitest'
import type { SandboxKind } from '../../src/executor/protocol.ts'
import type { RequirementId } from './requirements.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** What this machine lacks. */
    missing: RequirementId[]
  }
  interface TaskMeta {
    /** Why the test is skipped: what it needs and this machine lacks. */
    missing?: RequirementId[]
  }
}

/** Options of a test, or of a group of tests, that is skipped where the machine lacks one of `requirements`. */
export function needs(...requirements: RequirementId[]): TestOptions {
  const lacked: readonly RequirementId[] = inject('missing')
  const missing = requirements.filter((requirement) => lacked.includes(requirement))
  // A group that lacks something says so for its tests, unless they say otherwise.
  return missing.length > 0 ? { skip: true, meta: { missing } } : {}
}

/** As `needs`, of what one kind of sandbox takes. */
export function needsSandbox(kind: SandboxKind): TestOptions {
  return kind === 'none' ? {} : needs(kind)
}
