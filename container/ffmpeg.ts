/** One run of FFmpeg or ffprobe: its process, its progress and what it prints. */
import { relative } from 'node:path'
import { type ReportedOutput, reportedOutputs, reportMayMislead } from '../src/ffmpeg/output-report.ts'
import type { Program } from '../src/ffmpeg/program.ts'
import { expectedDuration, inputDurations, type ProgressReport, parseProgress, percent } from '../src/ffmpeg/progress.ts'
import { type CappedLog, Tail } from './capped-log.ts'
import type { Gate, Gates } from './gate.ts'
import { type Exit, ProcessGroup, type StartedProcess } from './process-group.ts'
import { sandboxedArgv } from './sandbox.ts'
import type { StandardOutput } from './standard-output.ts'
import { confinementOf, type Toolbox } from './toolbox.ts'
import type { Workspace } from './workspace.ts'

/** Where FFmpeg reports its inputs and outputs; they come first. */
const HEAD_BYTES = 64 * 1024
/** Where it says why it failed. */
const TAIL_BYTES = 64 * 1024

/** `-nostats` keeps the repeated status line out of the log; the reports of progress are not affected. */
const COMMON_OPTIONS = ['-hide_banner', '-nostdin', '-y', '-nostats']

/**
 * FFmpeg opens where it is to report before it opens anything else, so a gate in that place holds it until all else is there.
 * It goes there from its folder: the user it runs as need not be let through the folders above the executor's own.
 */
function reporting(gate: Gate | null, folder: string): string[] {
  // Not on standard output, which is the command's.
  return [...(gate === null ? [] : ['-progress', relative(folder, gate.path)]), '-progress', 'pipe:3']
}

/** A report file is the one thing that FFmpeg opens before it comes to its gate. */
function writesEarly({ argv }: FfmpegCommand): boolean {
  return argv.some((argument) => /^-(?:no)?report(?::|$)/.test(argument))
}

/** A command may ask FFmpeg for reports more often than anybody needs them. */
const MIN_REPORT_INTERVAL_MS = 200

export interface FfmpegReport {
  /** 0–100 of this command, null where the length of the output cannot be known. */
  percent: number | null
  report: ProgressReport
}

/** Where what it prints goes, and its progress. */
export interface FfmpegListeners {
  log: CappedLog
  stdout: StandardOutput
  onProgress: (report: FfmpegReport) => void
}

export interface FfmpegResult {
  exit: Exit
  /** The beginning of stderr, where FFmpeg reports its inputs and outputs. */
  head: string
  /** The end of stderr. */
  stderr: string
  /** How far it came; null if it ended before it told. */
  progress: FfmpegReport | null
  /** What FFmpeg said of the files it writes, by name, as far as it can be relied on. */
  outputs: ReadonlyMap<string, ReportedOutput>
}

/** What an FFmpeg, or ffprobe, is started with. */
export interface FfmpegCommand {
  program: Program
  /** The user's arguments, without the leading name of the program. */
  argv: readonly string[]
  /** Size that a file may grow to, in bytes. */
  fileBytes: number
}

/**
 * One FFmpeg in the sandbox. It may be started before its inputs are there: it loads its libraries, which takes longer than many a command,
 * and waits at its gate until `run` is called.
 */
export class Ffmpeg {
  readonly command: FfmpegCommand
  readonly process: StartedProcess
  #gate: Gate | null
  readonly #gates: Gates

  private constructor(command: FfmpegCommand, process: StartedProcess, gate: Gate | null, gates: Gates) {
    this.command = command
    this.process = process
    this.#gate = gate
    this.#gates = gates
  }

  /** Starts it at once. */
  static start(toolbox: Toolbox, workspace: Workspace, command: FfmpegCommand): Ffmpeg {
    return Ffmpeg.#start(toolbox, workspace, command, null)
  }

  /** Starts it, and holds it before it opens any file; null where nothing can hold it, as ffprobe. */
  static async prepare(toolbox: Toolbox, workspace: Workspace, command: FfmpegCommand): Promise<Ffmpeg | null> {
    const gate = command.program === 'ffprobe' || writesEarly(command) ? null : await toolbox.gates.take()
    if (gate === null) return null
    try {
      return Ffmpeg.#start(toolbox, workspace, command, gate)
    } catch (error) {
      await toolbox.gates.giveBack(gate)
      throw error
    }
  }

  static #start(toolbox: Toolbox, workspace: Workspace, command: FfmpegCommand, gate: Gate | null): Ffmpeg {
    const start =
      command.program === 'ffprobe'
        ? [toolbox.ffprobe, '-hide_banner']
        : [toolbox.ffmpeg, ...COMMON_OPTIONS, ...reporting(gate, workspace.files)]
    const argv = [...start, ...command.argv]
    const confinement = confinementOf(toolbox, workspace, command.fileBytes, gate)
    const process = ProcessGroup.start(sandboxedArgv(toolbox.sandbox, confinement, argv), workspace.files)
    return new Ffmpeg(command, process, gate, toolbox.gates)
  }

  /** Lets it run to its end. Progress is reported a few times a second at most. Never rejects. */
  async run({ log, stdout, onProgress }: FfmpegListeners): Promise<FfmpegResult> {
    const stderr = followStderr(this.process, log)
    this.process.stdout.on('data', stdout.write)
    const progress = followProgress(this.process, { argv: this.command.argv, head: () => stderr.head, onProgress })
    // Where the gate does not open, for want of descriptors, it would wait for ever.
    await this.#gate?.open().catch(() => this.process.signal('SIGKILL'))
    const exit = await this.process.exited
    await this.#leaveGate()
    const outputs = reportMayMislead(this.command.argv) ? new Map<string, ReportedOutput>() : reportedOutputs(stderr.head)
    return { exit, head: stderr.head, stderr: stderr.tail.toString(), progress: progress.latest, outputs }
  }

  /** Ends one that has not run. */
  async discard(): Promise<void> {
    this.process.stdout.resume()
    this.process.stderr.resume()
    this.process.reports.resume()
    this.process.signal('SIGKILL')
    await this.process.exited
    await this.#leaveGate()
  }

  async #leaveGate(): Promise<void> {
    const gate = this.#gate
    // Given back twice, it would hold two at once, and let both go.
    this.#gate = null
    if (gate !== null) await this.#gates.giveBack(gate)
  }
}

function followStderr(process: StartedProcess, log: CappedLog): { readonly head: string; tail: Tail } {
  const text = { head: '', tail: new Tail(TAIL_BYTES) }
  process.stderr.on('data', (chunk: Buffer) => {
    log.write(chunk)
    text.tail.push(chunk)
    if (text.head.length < HEAD_BYTES) text.head += chunk.toString('utf8')
  })
  return text
}

/** Nobody needs to hear of a command that ends before the first interval is over; `latest` is what it has told last all the same. */
function followProgress(
  process: StartedProcess,
  { argv, head, onProgress }: { argv: readonly string[]; head: () => string; onProgress: (report: FfmpegReport) => void },
): { readonly latest: FfmpegReport | null } {
  let unread = ''
  let expected: number | null = null
  let reportedAt = performance.now()
  let last: ProgressReport | null = null
  const withPercent = (report: ProgressReport): FfmpegReport => {
    expected ??= expectedDuration([...argv], inputDurations(head()))
    return { report, percent: percent(report.outTimeSeconds, expected) }
  }
  process.reports.on('data', (chunk: Buffer) => {
    const { reports, rest } = parseProgress(unread + chunk.toString('utf8'))
    // Whatever else is written there must not fill the memory.
    unread = rest.slice(-HEAD_BYTES)
    const report = reports.at(-1)
    if (report === undefined) return
    last = report
    if (performance.now() - reportedAt < MIN_REPORT_INTERVAL_MS) return
    reportedAt = performance.now()
    onProgress(withPercent(report))
  })
  return {
    get latest() {
      return last === null ? null : withPercent(last)
    },
  }
}
