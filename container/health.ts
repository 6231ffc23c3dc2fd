/** Whether this executor can do its work, by doing a little of it. */
import { availableParallelism } from 'node:os'
import { type ExecutorHealth, PROTOCOL_REVISION } from '../src/executor/protocol.ts'
import { runToEnd } from './process-group.ts'
import { sandboxedArgv } from './sandbox.ts'
import { confinementOf, createWorkspace, type Toolbox } from './toolbox.ts'

/** Health may be asked for often, by several askers. */
const FRESH_MS = 3000
const TIMEOUT_SECONDS = 10

type FfmpegHealth = Pick<ExecutorHealth, 'ok' | 'ffmpeg_version'>

export class Health {
  readonly #toolbox: Toolbox
  #latest: { at: number; result: Promise<FfmpegHealth> } | null = null

  constructor(toolbox: Toolbox) {
    this.#toolbox = toolbox
  }

  async check(runningJobs: number): Promise<ExecutorHealth> {
    if (this.#latest === null || performance.now() - this.#latest.at > FRESH_MS) {
      this.#latest = { at: performance.now(), result: askVersion(this.#toolbox) }
    }
    return {
      ...(await this.#latest.result),
      protocol: 1,
      protocol_revision: PROTOCOL_REVISION,
      sandbox: this.#toolbox.sandbox.kind,
      cpus: availableParallelism(),
      running_jobs: runningJobs,
    }
  }
}

async function askVersion(toolbox: Toolbox): Promise<FfmpegHealth> {
  try {
    const workspace = await createWorkspace(toolbox, 'health')
    const argv = sandboxedArgv(toolbox.sandbox, confinementOf(toolbox, workspace, 1024 ** 2), [toolbox.ffmpeg, '-version'])
    const { exit, stdout } = await runToEnd(argv, { cwd: workspace.files, timeoutSeconds: TIMEOUT_SECONDS })
    await workspace.remove()
    const version = /^ffmpeg version (\S+)/.exec(stdout)?.[1]
    const ok = exit.kind === 'exited' && exit.code === 0 && version !== undefined
    return { ok, ffmpeg_version: version ?? '' }
  } catch {
    return { ok: false, ffmpeg_version: '' }
  }
}
