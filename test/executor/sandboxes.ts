/** Which sandboxes this machine has, so that tests of the others are skipped by name. */
import type { SandboxKind } from '../../src/executor/protocol.ts'
import { startExecutor } from '../support/executor-process.ts'

export async function availableSandboxes(): Promise<ReadonlySet<SandboxKind>> {
  const kinds = ['landlock', 'bwrap', 'none'] as const
  const holds = await Promise.all(
    kinds.map(async (kind) => {
      try {
        const executor = await startExecutor({ env: { SANDBOX: kind } })
        await executor.stop()
        return true
      } catch (error) {
        // A start that fails for another reason must not look like a machine that lacks the sandbox.
        if (String(error).includes('no sandbox holds')) return false
        throw error
      }
    }),
  )
  return new Set(kinds.filter((_, i) => holds[i]))
}
