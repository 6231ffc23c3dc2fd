/** Which sandboxes hold on this machine. */
import type { SandboxKind } from '../../src/executor/protocol.ts'
import { startExecutor } from '../support/executor-process.ts'

/** Whether an executor starts in this sandbox. Throws where it fails for another reason than the sandbox. */
export async function hasSandbox(kind: SandboxKind): Promise<boolean> {
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
