/** A job's life: it receives its inputs, runs once, and is looked at until it is removed. */
import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { JobState, OutputList, RunRequest, StandardOutputText } from '../src/executor/protocol.ts'
import type { MediaFacts } from '../src/ffmpeg/media.ts'
import { CappedLog } from './capped-log.ts'
import { writtenOutput } from './collect.ts'
import { cancelledError, stopError } from './failure.ts'
import { Fault } from './fault.ts'
import type { Ffmpeg, FfmpegCommand } from './ffmpeg.ts'
import { HeadStart } from './head-start.ts'
import { type Continuation, Inputs } from './inputs.ts'
import { Outputs } from './outputs.ts'
import { probeFiles } from './probe.ts'
import { Revision } from './revision.ts'
import { commandOf, type RunOutcome, runJob } from './run.ts'
import type { Spares } from './spares.ts'
import { StandardOutput } from './standard-output.ts'
import { Stopper } from './stopper.ts'
import { createWorkspace, type Toolbox } from './toolbox.ts'
import type { Workspace } from './workspace.ts'

type WithoutBase<State> = State extends unknown ? Omit<State, 'job' | 'revision' | 'ffmpeg_seconds'> : never
type Phase = WithoutBase<JobState>

/** What a job gets to come to its end after it was stopped, in milliseconds: longer than programs get to end by themselves. */
const STOP_PATIENCE_MS = 5000

/** How long its client waits for the disk of a job that has failed to be free, in milliseconds; many files take longer than that. */
const WIPE_PATIENCE_MS = 500

/** A log of more than this is asked for. */
const SHORT_LOG_BYTES = 64 * 1024

export interface JobContext {
  toolbox: Toolbox
  spares: Spares
  log: Logger
}

export class Job {
  readonly name: string
  readonly #toolbox: Toolbox
  readonly #spares: Spares
  readonly #workspace: Workspace
  readonly #inputs: Inputs
  readonly #headStart: HeadStart
  readonly #stderr: CappedLog
  readonly #stdout = new StandardOutput()
  readonly #log: Logger
  readonly #revision = new Revision()
  readonly #stopper = new Stopper()
  readonly #probes = new Set<Promise<unknown>>()
  #phase: Phase = { state: 'RECEIVING' }
  #start: { request: RunRequest; checked: Promise<void> } | null = null
  #running: Promise<void> = Promise.resolve()
  #startedAt: number | null = null
  #ffmpegSeconds: number | null = null
  readonly #outputs: Outputs
  #removal: Promise<void> | null = null

  private constructor(name: string, { toolbox, spares, log }: JobContext, workspace: Workspace, spare: Ffmpeg | null) {
    this.name = name
    this.#toolbox = toolbox
    this.#spares = spares
    this.#workspace = workspace
    this.#inputs = new Inputs(workspace, toolbox.maxJobDiskBytes)
    this.#headStart = new HeadStart(toolbox, workspace, spare)
    this.#outputs = new Outputs(workspace)
    this.#stderr = new CappedLog(workspace.logPath)
    this.#log = log.child({ job: name })
  }

  static async create(name: string, context: JobContext): Promise<Job> {
    const spare = context.spares.take()
    if (spare !== null) return new Job(name, context, spare.workspace, spare.ffmpeg)
    return new Job(name, context, await createWorkspace(context.toolbox, name), null)
  }

  get state(): JobState {
    return { job: this.name, revision: this.#revision.value, ffmpeg_seconds: this.#elapsed(), ...this.#phase }
  }

  /** Whether anything is done for it: its inputs arrive, it runs, or files of it are looked into. */
  get isAtWork(): boolean {
    const runs = this.#phase.state === 'RUNNING' || this.#phase.state === 'PROBING'
    return runs || this.#inputs.areUnderWay || this.#probes.size > 0
  }

  /** Whether it waits for its client to do something. */
  get isIdle(): boolean {
    return this.#phase.state === 'RECEIVING' && !this.isAtWork
  }

  /** The state when its revision passes `after`, or when the time is over. */
  async waitFor(after: number, waitMs: number, signal: AbortSignal): Promise<JobState> {
    await this.#revision.passed(after, waitMs, signal)
    return this.state
  }

  /** Stores one input from a request's body, as `Inputs.receive` does. Answers the bytes that the file has now. */
  async receiveInput(
    filename: string,
    incoming: IncomingMessage,
    { continues, maxBytes, maxJobBytes }: { continues: Continuation | null; maxBytes: number; maxJobBytes: number },
  ): Promise<number> {
    const admit = () => {
      if (this.#start !== null || this.#phase.state !== 'RECEIVING') throw new Fault('CONFLICT', 'the job no longer takes inputs')
    }
    this.#inputs.limitTo(maxJobBytes)
    return this.#inputs.receive(filename, incoming, { continues, maxBytes, admit })
  }

  /** Starts what a run of this request can be started with before its inputs are there. It may come too late, or not at all. */
  async prepare(request: RunRequest): Promise<JobState> {
    this.#inputs.limitTo(request.limits.disk_bytes)
    // Whoever asks wants to know that somebody is there, and brings the inputs meanwhile.
    if (this.#start === null && this.#phase.state === 'RECEIVING') void this.#headStart.prepare(this.#firstCommand(request))
    return this.state
  }

  /**
   * Starts the commands and answers without waiting for them. The same request again only answers;
   * another one is a `CONFLICT`, one whose inputs are not all there a `FILE_NOT_FOUND`.
   */
  async run(request: RunRequest): Promise<JobState> {
    if (this.#start === null) {
      const start = { request, checked: this.#begin(request) }
      this.#start = start
      start.checked.catch(() => {
        this.#start = null
      })
    }
    if (!isDeepStrictEqual(this.#start.request, request)) throw new Fault('CONFLICT', 'the job was started with another request')
    await this.#start.checked
    return this.state
  }

  async #begin(request: RunRequest): Promise<void> {
    const archive: [string, string][] = request.archive === undefined ? [] : [['input_compressed_folder', request.archive]]
    for (const [alias, filename] of [...Object.entries(request.inputs), ...archive]) {
      await this.#inputs.mustHave(filename, `the input "${alias}" (${filename})`)
    }
    if (this.#stopper.reason !== null) throw new Fault('CONFLICT', 'the job is being removed')
    this.#spares.note(this.#firstCommand(request))
    this.#startedAt = performance.now()
    this.#enter({ state: 'RUNNING', progress: null })
    this.#running = this.#execute(request)
  }

  /** What is in inputs that have arrived. The job may run afterwards as if nobody had asked. */
  async probe(filenames: readonly string[]): Promise<Record<string, MediaFacts>> {
    for (const filename of filenames) await this.#inputs.mustHave(filename, filename)
    if (this.#stopper.reason !== null) throw new Fault('CONFLICT', 'the job is being removed')
    const probing = probeFiles(this.#toolbox, this.#workspace, filenames, { onStart: this.#stopper.attach })
    this.#probes.add(probing)
    try {
      return await probing
    } finally {
      this.#probes.delete(probing)
    }
  }

  async #execute(request: RunRequest): Promise<void> {
    const run = this.#runToEnd(request)
    const outcome = await Promise.race([run, this.#overdue(request)])
    if (outcome.state === 'SUCCEEDED') return this.#end({ ...outcome, ...this.#printed() })
    const wiped = run
      .then(() => this.#workspace.wipeFiles())
      .catch((error: unknown) => this.#log.error({ err: error }, 'the files of a job could not be wiped'))
    await Promise.race([wiped, sleep(WIPE_PATIENCE_MS, null, { ref: false })])
    await this.#end(outcome)
    await wiped
  }

  /** Never rejects. */
  async #runToEnd(request: RunRequest): Promise<RunOutcome> {
    try {
      return await runJob({
        toolbox: this.#toolbox,
        workspace: this.#workspace,
        log: this.#stderr,
        stdout: this.#stdout,
        request: { ...request, limits: this.#limits(request) },
        headStart: this.#headStart,
        stopper: this.#stopper,
        onProgress: (progress) => this.#enter({ state: 'RUNNING', progress }),
        onWritten: (outputs, toBeProbed) => {
          this.#ffmpegSeconds = this.#elapsed()
          this.#outputs.complete(outputs)
          if (!toBeProbed) return
          const written = [...outputs].map(([alias, output]) => [alias, writtenOutput(output)] as const)
          this.#enter({ state: 'PROBING', outputs: Object.fromEntries(written), ...this.#printed() })
        },
      })
    } catch (error) {
      this.#log.error({ err: error }, 'job broke')
      return { state: 'FAILED', error: { code: 'INTERNAL_ERROR', step: 0, message: 'the executor failed' } }
    }
  }

  /** How a job ends that is still there some time after it was stopped: whatever holds it up must not hold up its client. */
  async #overdue(request: RunRequest): Promise<RunOutcome> {
    const reason = await this.#stopper.overdue(STOP_PATIENCE_MS)
    const step = this.#phase.state === 'RUNNING' ? (this.#phase.progress?.step ?? 0) : 0
    return { state: 'FAILED', error: stopError(reason, { step, steps: request.commands.length }, this.#limits(request)) }
  }

  #firstCommand(request: RunRequest): FfmpegCommand {
    return commandOf(request, 0, this.#toolbox, this.#limits(request)).command
  }

  #limits(request: RunRequest): RunRequest['limits'] {
    return { ...request.limits, disk_bytes: Math.min(request.limits.disk_bytes, this.#toolbox.maxJobDiskBytes) }
  }

  /** What the commands have written to their standard output, as the state tells it. */
  #printed(): { stdout?: StandardOutputText } {
    const { text } = this.#stdout
    return text === null ? {} : { stdout: text }
  }

  async #end(phase: Extract<Phase, { state: 'SUCCEEDED' | 'FAILED' }>): Promise<void> {
    this.#ffmpegSeconds ??= this.#elapsed()
    this.#stderr.close()
    this.#enter(this.#stderr.bytes <= SHORT_LOG_BYTES ? { ...phase, log: await this.#stderr.read() } : phase)
    const error = phase.state === 'FAILED' ? phase.error.code : undefined
    this.#log.info({ state: phase.state, error, ffmpeg_seconds: this.#ffmpegSeconds }, 'job ended')
  }

  /** An input as far as it has arrived. The caller closes it. */
  async openInput(filename: string) {
    return this.#found(await this.#workspace.openRegular(filename))
  }

  /** A complete output; of a playlist, the manifest. The caller closes it. */
  async openOutput(alias: string) {
    return this.#found(await this.#outputs.open(alias))
  }

  /** The files that a playlist consists of. */
  listOutput(alias: string): OutputList {
    return this.#found(this.#outputs.list(alias))
  }

  /** One file of a playlist, and no other file of the job. The caller closes it. */
  async openOutputFile(alias: string, name: string) {
    return this.#found(await this.#outputs.openFile(alias, name))
  }

  /** FFmpeg's stderr so far, of all commands; of more than `lastBytes` their end. */
  readLog(lastBytes?: number): Promise<string> {
    return this.#stderr.read(lastBytes)
  }

  /** Ends whatever the job does and wipes its folder, once however often it is called. Who waits for the job is told at once. */
  remove(): Promise<void> {
    this.#stopper.stop('CANCELLED')
    if (this.#phase.state !== 'SUCCEEDED' && this.#phase.state !== 'FAILED') {
      this.#enter({ state: 'FAILED', error: cancelledError(0) })
    }
    this.#removal ??= this.#wipe().catch((error: unknown) => {
      // Whoever asks again tries again.
      this.#removal = null
      throw error
    })
    return this.#removal
  }

  async #wipe(): Promise<void> {
    await Promise.all([this.#running, this.#headStart.discard(), this.#inputs.cut(), ...this.#probes])
    this.#stderr.close()
    await this.#workspace.remove()
  }

  #enter(phase: Phase): void {
    if (this.#removal !== null || this.#phase.state === 'SUCCEEDED' || this.#phase.state === 'FAILED') return
    this.#phase = phase
    if (phase.state === 'FAILED') this.#outputs.complete(new Map())
    this.#revision.bump()
  }

  #elapsed(): number {
    return this.#ffmpegSeconds ?? (this.#startedAt === null ? 0 : (performance.now() - this.#startedAt) / 1000)
  }

  #found<File>(file: File | null): File {
    if (file === null) throw new Fault('FILE_NOT_FOUND', 'there is no such file')
    return file
  }
}
