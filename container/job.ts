/** A job's life: it receives its inputs, runs once, and is looked at until it is removed. */
import { rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { JobState, OutputList, RunRequest } from '../src/executor/protocol.ts'
import type { MediaFacts } from '../src/ffmpeg/media.ts'
import { CappedLog } from './capped-log.ts'
import { type Collected, writtenOutput } from './collect.ts'
import { cancelledError } from './failure.ts'
import { Fault } from './fault.ts'
import { probeFile } from './probe.ts'
import { receive } from './receive.ts'
import { Revision } from './revision.ts'
import { runJob } from './run.ts'
import { Stopper } from './stopper.ts'
import { createWorkspace, type Toolbox } from './toolbox.ts'
import type { Workspace } from './workspace.ts'

type WithoutBase<State> = State extends unknown ? Omit<State, 'job' | 'revision' | 'ffmpeg_seconds'> : never
type Phase = WithoutBase<JobState>

interface Transfer {
  incoming: IncomingMessage
  done: Promise<unknown>
}

export class Job {
  readonly name: string
  readonly #toolbox: Toolbox
  readonly #workspace: Workspace
  readonly #stderr: CappedLog
  readonly #log: Logger
  readonly #revision = new Revision()
  readonly #stopper = new Stopper()
  readonly #transfers = new Map<string, Transfer>()
  readonly #probes = new Set<Promise<unknown>>()
  /** Bytes of each input that has arrived, in whole or in part. */
  readonly #received = new Map<string, number>()
  #phase: Phase = { state: 'RECEIVING' }
  #start: { request: RunRequest; checked: Promise<void> } | null = null
  #running: Promise<void> = Promise.resolve()
  #startedAt: number | null = null
  #ffmpegSeconds: number | null = null
  /** By alias, once the commands have ended well. */
  #outputs: ReadonlyMap<string, Collected> = new Map()
  #removed = false

  private constructor(name: string, toolbox: Toolbox, workspace: Workspace, log: Logger) {
    this.name = name
    this.#toolbox = toolbox
    this.#workspace = workspace
    this.#stderr = new CappedLog(workspace.logPath)
    this.#log = log.child({ job: name })
  }

  static async create(name: string, toolbox: Toolbox, log: Logger): Promise<Job> {
    return new Job(name, toolbox, await createWorkspace(toolbox, name), log)
  }

  get state(): JobState {
    return { job: this.name, revision: this.#revision.value, ffmpeg_seconds: this.#elapsed(), ...this.#phase }
  }

  get isRunning(): boolean {
    return this.#phase.state === 'RUNNING' || this.#phase.state === 'PROBING' || this.#probes.size > 0
  }

  /** The state when its revision passes `after`, or when the time is over. */
  async waitFor(after: number, waitMs: number, signal: AbortSignal): Promise<JobState> {
    await this.#revision.passed(after, waitMs, signal)
    return this.state
  }

  /**
   * Stores one input from a request's body. `offset` continues a file that has exactly so many bytes; null writes it anew.
   * A newer request for the same file ends the older one, whose client is taken to be gone.
   * @returns the bytes that the file has now
   */
  async receiveInput(
    filename: string,
    incoming: IncomingMessage,
    { offset, maxBytes }: { offset: number | null; maxBytes: number },
  ): Promise<number> {
    for (let older = this.#transfers.get(filename); older !== undefined; older = this.#transfers.get(filename)) {
      older.incoming.destroy()
      await older.done
    }
    if (this.#start !== null || this.#phase.state !== 'RECEIVING') throw new Fault('CONFLICT', 'the job no longer takes inputs')
    const done = this.#store(filename, incoming, offset, maxBytes)
    this.#transfers.set(filename, { incoming, done: done.catch(() => {}) })
    try {
      return await done
    } finally {
      this.#transfers.delete(filename)
    }
  }

  async #store(filename: string, incoming: IncomingMessage, offset: number | null, maxBytes: number): Promise<number> {
    const present = (await this.#workspace.fileBytes(filename)) ?? 0
    if (offset !== null && offset !== present) throw new Fault('CONFLICT', `the file has ${present} bytes, so it cannot go on at ${offset}`)
    const path = this.#workspace.path(filename)
    const start = offset ?? 0
    let bytes = start
    const admit = (more: number): void => {
      bytes += more
      this.#received.set(filename, bytes)
      if (bytes > maxBytes) throw new Fault('INPUT_TOO_LARGE', `the input is larger than ${maxBytes} bytes`)
      if (this.#receivedBytes() > this.#toolbox.maxJobDiskBytes)
        throw new Fault('INPUT_TOO_LARGE', 'the inputs take more disk than a job may have')
    }
    try {
      const announced = Number(incoming.headers['content-length'] ?? 0)
      if (start + announced > maxBytes) throw new Fault('INPUT_TOO_LARGE', `the input is larger than ${maxBytes} bytes`)
      return start + (await receive({ incoming, path, offset: start, admit }))
    } catch (error) {
      if (error instanceof Fault && error.code === 'INPUT_TOO_LARGE') {
        this.#received.delete(filename)
        await rm(path, { force: true })
      }
      throw error
    }
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
      const present = !this.#transfers.has(filename) && (await this.#workspace.fileBytes(filename)) !== null
      if (!present) throw new Fault('FILE_NOT_FOUND', `the input "${alias}" (${filename}) has not arrived`)
    }
    if (this.#stopper.reason !== null) throw new Fault('CONFLICT', 'the job is being removed')
    this.#startedAt = performance.now()
    this.#enter({ state: 'RUNNING', progress: null })
    this.#running = this.#execute(request)
  }

  /** What is in inputs that have arrived. The job may run afterwards as if nobody had asked. */
  async probe(filenames: readonly string[]): Promise<Record<string, MediaFacts>> {
    for (const filename of filenames) {
      const present = !this.#transfers.has(filename) && (await this.#workspace.fileBytes(filename)) !== null
      if (!present) throw new Fault('FILE_NOT_FOUND', `${filename} has not arrived`)
    }
    if (this.#stopper.reason !== null) throw new Fault('CONFLICT', 'the job is being removed')
    const probing = this.#probeAll(filenames)
    this.#probes.add(probing)
    try {
      return await probing
    } finally {
      this.#probes.delete(probing)
    }
  }

  async #probeAll(filenames: readonly string[]): Promise<Record<string, MediaFacts>> {
    const facts: Record<string, MediaFacts> = {}
    // One after the other: however many files are asked for, one program runs.
    for (const filename of filenames) facts[filename] = await probeFile(this.#toolbox, this.#workspace, filename, this.#stopper.attach)
    return facts
  }

  async #execute(request: RunRequest): Promise<void> {
    const limits = { ...request.limits, disk_bytes: Math.min(request.limits.disk_bytes, this.#toolbox.maxJobDiskBytes) }
    try {
      const outcome = await runJob({
        toolbox: this.#toolbox,
        workspace: this.#workspace,
        log: this.#stderr,
        request: { ...request, limits },
        stopper: this.#stopper,
        onProgress: (progress) => this.#enter({ state: 'RUNNING', progress }),
        onWritten: (outputs) => {
          this.#ffmpegSeconds = this.#elapsed()
          this.#outputs = outputs
          const written = [...outputs].map(([alias, output]) => [alias, writtenOutput(output)] as const)
          this.#enter({ state: 'PROBING', outputs: Object.fromEntries(written) })
        },
      })
      await this.#end(outcome)
    } catch (error) {
      this.#log.error({ err: error }, 'job broke')
      await this.#end({ state: 'FAILED', error: { code: 'INTERNAL_ERROR', step: 0, message: 'the executor failed' } })
    }
  }

  async #end(phase: Extract<Phase, { state: 'SUCCEEDED' | 'FAILED' }>): Promise<void> {
    this.#ffmpegSeconds ??= this.#elapsed()
    this.#stderr.close()
    if (phase.state === 'FAILED') await this.#workspace.wipeFiles()
    this.#enter(phase)
    const error = phase.state === 'FAILED' ? phase.error.code : undefined
    this.#log.info({ state: phase.state, error, ffmpeg_seconds: this.#ffmpegSeconds }, 'job ended')
  }

  /** An input as far as it has arrived. The caller closes it. */
  async openInput(filename: string) {
    return this.#found(await this.#workspace.openRegular(filename))
  }

  /** A complete output; of a playlist, the manifest. The caller closes it. */
  async openOutput(alias: string) {
    const output = this.#output(alias)
    if (output?.kind === 'zip') return this.#found(await this.#workspace.openPacked(output.path))
    return this.#found(output === null ? null : await this.#workspace.openRegular(output.filename))
  }

  /** The files that a playlist consists of. */
  listOutput(alias: string): OutputList {
    const output = this.#output(alias)
    if (output?.kind !== 'playlist') throw new Fault('FILE_NOT_FOUND', 'there is no such playlist')
    return { files: Array.from(output.playlist.files, ([name, bytes]) => ({ name, size_bytes: bytes })) }
  }

  /** One file of a playlist, and no other file of the job. The caller closes it. */
  async openOutputFile(alias: string, name: string) {
    const output = this.#output(alias)
    const belongs = output?.kind === 'playlist' && output.playlist.files.has(name)
    return this.#found(belongs ? await this.#workspace.openRegular(name) : null)
  }

  #output(alias: string): Collected | null {
    const isComplete = this.#phase.state === 'PROBING' || this.#phase.state === 'SUCCEEDED'
    return (isComplete && this.#outputs.get(alias)) || null
  }

  /** FFmpeg's stderr so far, of all commands. */
  readLog(): Promise<string> {
    return this.#stderr.read()
  }

  /** Ends whatever the job does and wipes its folder. Who waits for the job is told at once. */
  async remove(): Promise<void> {
    this.#stopper.stop('CANCELLED')
    if (this.#phase.state !== 'SUCCEEDED' && this.#phase.state !== 'FAILED') {
      this.#enter({ state: 'FAILED', error: cancelledError(0) })
    }
    this.#removed = true
    const transfers = [...this.#transfers.values()]
    for (const { incoming } of transfers) incoming.destroy()
    await Promise.all([this.#running, ...this.#probes, ...transfers.map(({ done }) => done)])
    this.#stderr.close()
    await this.#workspace.remove()
  }

  #enter(phase: Phase): void {
    if (this.#removed) return
    this.#phase = phase
    this.#revision.bump()
  }

  #elapsed(): number {
    return this.#ffmpegSeconds ?? (this.#startedAt === null ? 0 : (performance.now() - this.#startedAt) / 1000)
  }

  #receivedBytes(): number {
    return [...this.#received.values()].reduce((sum, bytes) => sum + bytes, 0)
  }

  #found<File>(file: File | null): File {
    if (file === null) throw new Fault('FILE_NOT_FOUND', 'there is no such file')
    return file
  }
}
