/** One run of FFmpeg: its process, its progress and its stderr. */
import { expectedDuration, inputDurations, type ProgressReport, parseProgress, percent } from '../src/ffmpeg/progress.ts'
import { type CappedLog, Tail } from './capped-log.ts'
import { type Exit, ProcessGroup } from './process-group.ts'
import { type Confinement, type Sandbox, sandboxedArgv } from './sandbox.ts'

/** Where FFmpeg reports its inputs; they come first. */
const HEAD_BYTES = 64 * 1024
/** Where it says why it failed. */
const TAIL_BYTES = 64 * 1024

/** `-nostats` keeps the repeated status line out of the log; the reports on the pipe are not affected. */
const COMMON_OPTIONS = ['-hide_banner', '-nostdin', '-y', '-nostats', '-progress', 'pipe:1']

/** A command may ask FFmpeg for reports more often than anybody needs them. */
const MIN_REPORT_INTERVAL_MS = 200

export interface FfmpegReport {
  /** 0–100 of this command, null where the length of the output cannot be known. */
  percent: number | null
  report: ProgressReport
}

export interface FfmpegResult {
  exit: Exit
  /** The end of stderr. */
  stderr: string
}

export interface FfmpegRun {
  process: ProcessGroup
  /** Never rejects. */
  result: Promise<FfmpegResult>
}

/** Starts `ffmpeg` (an absolute path) with the user's `argv` in the sandbox. Progress is reported about twice a second, and at the end. */
export function startFfmpeg(options: {
  ffmpeg: string
  sandbox: Sandbox
  confinement: Confinement
  argv: readonly string[]
  log: CappedLog
  onProgress: (report: FfmpegReport) => void
}): FfmpegRun {
  const { ffmpeg, sandbox, confinement, argv, log, onProgress } = options
  const group = ProcessGroup.start(sandboxedArgv(sandbox, confinement, [ffmpeg, ...COMMON_OPTIONS, ...argv]), confinement.folder)

  let head = ''
  const tail = new Tail(TAIL_BYTES)
  group.stderr.on('data', (chunk: Buffer) => {
    log.write(chunk)
    tail.push(chunk)
    if (head.length < HEAD_BYTES) head += chunk.toString('utf8')
  })

  let unread = ''
  let expected: number | null = null
  let reportedAt = Number.NEGATIVE_INFINITY
  group.stdout.on('data', (chunk: Buffer) => {
    const { reports, rest } = parseProgress(unread + chunk.toString('utf8'))
    // A command that writes its output to the pipe as well must not fill the memory.
    unread = rest.slice(-HEAD_BYTES)
    const report = reports.at(-1)
    if (report === undefined || (!report.ended && performance.now() - reportedAt < MIN_REPORT_INTERVAL_MS)) return
    reportedAt = performance.now()
    expected ??= expectedDuration([...argv], inputDurations(head))
    onProgress({ report, percent: percent(report.outTimeSeconds, expected) })
  })

  return { process: group, result: group.exited.then((exit) => ({ exit, stderr: tail.toString() })) }
}
