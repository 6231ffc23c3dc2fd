/** `npm run demo`: the whole way of one command, from a sample video to the file on disk, on a stack of its own. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual, promisify } from 'node:util'
import { nanoid } from 'nanoid'
import { Webhook } from 'standardwebhooks'
import { type CommandView, commandSchema } from '../api/schemas.ts'
import { DemoClient } from './demo-client.ts'
import { findFfmpeg } from './ffmpeg-path.ts'
import { OperatorError, runProgram } from './operator-error.ts'
import { ProgressLine } from './progress-line.ts'
import { type Delivery, SampleServer } from './sample-server.ts'
import { PROJECT_ROOT, readSettings, type Settings } from './settings.ts'
import { type Stack, startStack } from './stack.ts'
import { stopSignal } from './stop-signal.ts'

const OUTPUT_DIR = path.join(PROJECT_ROOT, 'demo-output')
const SAMPLE_SECONDS = 5
const METADATA = { customer: 'demo', order: 42 }
const WEBHOOK_WAIT_MS = 15_000

const run = promisify(execFile)

await runProgram(async () => {
  const stopping = stopSignal()
  const folder = await mkdtemp(path.join(tmpdir(), 'renderio-demo-'))
  // The stack's log would tear the progress bar apart; it is told when something goes wrong.
  const logLines: string[] = []
  try {
    await demo(folder, (line) => logLines.push(line), stopping)
  } catch (error) {
    console.error(logLines.join('\n'))
    throw stopping.aborted ? new OperatorError('Stopped before the end') : error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})

async function demo(folder: string, log: (line: string) => void, signal: AbortSignal): Promise<void> {
  const configured = readSettings(process.env)
  const { ffmpeg, ffprobe, warning } = await findFfmpeg(configured)
  if (warning !== null) console.log(`${warning}. For the demo’s own sample it is good enough.`)
  await assertEncoders(ffmpeg, ['libvpx-vp9', 'libopus'])
  console.log('Making a sample video …')
  const video = path.join(folder, 'sample.mp4')
  await makeSample(ffmpeg, video)
  const sample = await SampleServer.start(video)
  try {
    console.log('Starting the stack …')
    const settings: Settings = {
      ...configured,
      ffmpegPath: ffmpeg,
      ffprobePath: ffprobe,
      port: 0,
      stateDir: path.join(folder, 'state'),
      workerVars: { ...configured.workerVars, ALLOWED_PRIVATE_ORIGINS: sample.origin },
    }
    const stack = await startStack({ settings, log, signal })
    try {
      await runCommand(stack, sample, ffprobe, signal)
    } finally {
      await stack.stop()
    }
  } finally {
    sample.stop()
  }
}

async function runCommand(stack: Stack, sample: SampleServer, ffprobe: string, signal: AbortSignal): Promise<void> {
  const client = new DemoClient({ url: stack.url, apiKey: stack.apiKey, signal })
  const secret = nanoid()
  await client.setWebhook(sample.webhookUrl, secret)
  const body = {
    input_files: { in_video: sample.videoUrl },
    output_files: { out_video: 'converted.webm' },
    // Read as fast as it plays, so that there is time to watch on any machine, and encoded with the least work.
    ffmpeg_command: '-re -i {{in_video}} -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -b:v 1M -c:a libopus {{out_video}}',
    metadata: METADATA,
    webhook_url: sample.webhookUrl,
  }
  console.log(`POST ${stack.url}/api/v1/run-ffmpeg-command\n${JSON.stringify(body, null, 2)}`)
  const commandId = await client.submit(body)
  const progress = new ProgressLine(process.stdout)
  const command = await client.waitUntilEnded(commandId, (state) => progress.show(state))
  progress.end()

  const output = checkCommand(command)
  await mkdir(OUTPUT_DIR, { recursive: true })
  const file = path.join(OUTPUT_DIR, output.filename)
  await client.download(output.storage_url, file)
  await checkFile(file, output.size_mbytes, ffprobe)

  const rows = {
    'Command id': command.command_id,
    Status: command.status,
    Metadata: JSON.stringify(command.metadata),
    Time: `${formatSeconds(command.total_processing_seconds)}, of which FFmpeg ran ${formatSeconds(command.ffmpeg_command_run_seconds)}`,
    'File id': output.file_id,
    Media: describeMedia(output),
    'Signed URL': output.storage_url,
    File: path.relative(process.cwd(), file) || file,
    Webhook: await describeWebhook(sample, secret, command),
  }
  for (const [name, value] of Object.entries(rows)) console.log(`${`${name}:`.padEnd(12)} ${value}`)
}

type OutputFile = CommandView['output_files'][string]

/** The finished command's output. Throws an OperatorError that names the first thing that is not as it must be. */
function checkCommand(command: CommandView): OutputFile & { storage_url: string } {
  if (command.status !== 'SUCCESS') throw new OperatorError(`The command failed: ${command.error_status}: ${command.error_message}`)
  if (!isDeepStrictEqual(command.metadata, METADATA))
    throw new OperatorError(`The metadata came back as ${JSON.stringify(command.metadata)}`)
  const output = command.output_files.out_video
  if (output?.status !== 'STORED' || output.storage_url === null)
    throw new OperatorError(`The output is not stored: ${JSON.stringify(output)}`)
  if (output.codec !== 'vp9') throw new OperatorError(`The output's codec is ${output.codec}, not vp9`)
  if (output.duration === null || Math.abs(output.duration - SAMPLE_SECONDS) > 0.5) {
    throw new OperatorError(`The output lasts ${output.duration} s, not ${SAMPLE_SECONDS} s`)
  }
  return { ...output, storage_url: output.storage_url }
}

/** The downloaded bytes are as many as the API says, and a video. */
async function checkFile(file: string, sizeMbytes: number, ffprobe: string): Promise<void> {
  const { size } = await stat(file)
  if (Math.abs(size / 1e6 - sizeMbytes) > 0.001) throw new OperatorError(`${file} has ${size} bytes, where the API says ${sizeMbytes} MB`)
  const { stdout } = await run(ffprobe, ['-v', 'error', '-show_entries', 'format=format_name', '-of', 'csv=p=0', file])
  if (!stdout.includes('webm')) throw new OperatorError(`${file} is not WebM but ${stdout.trim()}`)
}

function describeMedia(output: OutputFile): string {
  return [
    output.file_format,
    output.codec,
    `${output.width}×${output.height}`,
    `${output.frame_rate} fps`,
    `${output.duration} s`,
    `${output.size_mbytes} MB`,
    output.mime_type,
  ].join(', ')
}

function formatSeconds(seconds: number | null): string {
  return seconds === null ? 'unknown' : `${seconds.toFixed(2)} s`
}

/** Waits for the webhook. Throws an OperatorError where it does not come, is not signed, or tells of something else. */
async function describeWebhook(sample: SampleServer, secret: string, command: CommandView): Promise<string> {
  const delivery = await Promise.race([sample.delivery, sleep(WEBHOOK_WAIT_MS, null, { ref: false })])
  if (delivery === null) throw new OperatorError(`No webhook came within ${WEBHOOK_WAIT_MS / 1000} s`)
  const told = commandSchema.safeParse(verified(delivery, secret))
  if (told.data?.command_id !== command.command_id || told.data.status !== command.status) {
    throw new OperatorError(`The webhook tells of something else: ${delivery.body}`)
  }
  return `${told.data.status} delivered in ${delivery.body.length} characters, signature verified`
}

/** The `data` of a webhook that is signed with `secret`. */
function verified({ headers, body }: Delivery, secret: string): unknown {
  try {
    new Webhook(secret, { format: 'raw' }).verify(body, headers)
  } catch (error) {
    throw new OperatorError(`The webhook's signature is wrong (${error instanceof Error ? error.message : error}): ${body}`)
  }
  const event: unknown = JSON.parse(body)
  return typeof event === 'object' && event !== null && 'data' in event ? event.data : null
}

async function assertEncoders(ffmpeg: string, names: readonly string[]): Promise<void> {
  const { stdout } = await run(ffmpeg, ['-hide_banner', '-encoders'], { maxBuffer: 4 * 1024 * 1024 })
  const missing = names.filter((name) => !new RegExp(`\\s${name}\\s`).test(stdout))
  if (missing.length > 0)
    throw new OperatorError(`${ffmpeg} has no encoder ${missing.join(' and ')}, which the demo needs: install a full build of FFmpeg`)
}

async function makeSample(ffmpeg: string, file: string): Promise<void> {
  await run(ffmpeg, [
    ...['-v', 'error', '-y'],
    ...['-f', 'lavfi', '-i', `testsrc2=size=640x360:rate=25:duration=${SAMPLE_SECONDS}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:duration=${SAMPLE_SECONDS}`],
    ...['-c:v', 'mpeg4', '-q:v', '4', '-c:a', 'aac', '-shortest', file],
  ])
}
