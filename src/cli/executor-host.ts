/** Where FFmpeg runs, as the stack needs to know it. */
import { assertDockerRuns, removeContainers } from './docker.ts'
import type { Supervised } from './supervise.ts'

export interface ExecutorHost {
  /** How it is told to whoever starts the stack. */
  description: string
  /** Variables by which the Worker finds it. */
  vars: Readonly<Record<string, string>>
  containers: boolean
  /** What may end while the stack starts; null where nothing of it runs by itself. */
  program: Supervised | null
  stop: () => Promise<void>
}

/**
 * Containers of this machine's Docker engine, which the Worker's runtime starts. Throws an OperatorError where there is no engine.
 * @param scope what no other stack on that engine has
 */
export async function useContainers({ stateDir, scope }: { stateDir: string; scope: string }): Promise<ExecutorHost> {
  await assertDockerRuns()
  // What a killed stack has left: nobody would ever end it.
  await removeContainers(stateDir)
  const vars = { CONTAINER_SCOPE: scope }
  return { description: 'containers', vars, containers: true, program: null, stop: () => removeContainers(stateDir) }
}

/** An executor that somebody else runs, on this machine or on another. */
export async function useExecutor({ url, token }: { url: string; token: string | undefined }): Promise<ExecutorHost> {
  const vars = { EXECUTOR_URL: url, ...(token !== undefined && { EXECUTOR_TOKEN: token }) }
  return { description: url, vars, containers: false, program: null, stop: async () => {} }
}
