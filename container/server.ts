/** The executor's process: settings, proof that it can work, listening, and an end that leaves nothing behind. */
import { rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { type Logger, pino } from 'pino'
import { createApp } from './app.ts'
import { findExecutable } from './executable.ts'
import { Health } from './health.ts'
import { Jobs } from './jobs.ts'
import { startOrphanGuard } from './orphan-guard.ts'
import { harmlessDemuxers } from './probe.ts'
import { killAllGroups, runToEnd } from './process-group.ts'
import { diesWithParent } from './sandbox.ts'
import { chooseSandbox } from './sandbox-choice.ts'
import { readSettings, type Settings } from './settings.ts'
import type { Toolbox } from './toolbox.ts'
import { openLife } from './workspace.ts'

/** Longer than clients keep a connection, so that none is closed under a request. */
const KEEP_ALIVE_MS = 75_000

async function main(): Promise<void> {
  const settings = readSettings(process.env)
  const log = pino({ level: settings.logLevel, base: null })
  const toolbox = await openToolbox(settings, process.env.PATH ?? '', log)
  if (!diesWithParent(toolbox.sandbox)) startOrphanGuard()

  let shuttingDown = false
  const app = createApp({
    jobs: new Jobs(toolbox, log),
    health: new Health(toolbox),
    token: settings.token,
    isShuttingDown: () => shuttingDown,
    log,
  })
  const server = createAdaptorServer({
    fetch: app.fetch,
    // An input may take as long as it takes: its sender keeps the time.
    serverOptions: { requestTimeout: 0, keepAliveTimeout: KEEP_ALIVE_MS },
  })

  const shutDown = async (signal: NodeJS.Signals) => {
    if (shuttingDown) return
    shuttingDown = true
    log.info({ signal }, 'shutting down')
    server.close()
    // First the connections: a client must see this executor lost, not its job failed.
    if ('closeAllConnections' in server) server.closeAllConnections()
    await killAllGroups()
    await rm(toolbox.lifeDir, { recursive: true, force: true })
    process.exit(0)
  }
  process.on('SIGTERM', shutDown)
  process.on('SIGINT', shutDown)
  process.on('uncaughtException', (error) => log.error({ err: error }, 'uncaught exception'))
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled rejection'))

  await listen(server, settings)
  log.info({ host: settings.host, port: portOf(server.address()), sandbox: toolbox.sandbox.kind }, 'listening')
}

async function openToolbox(settings: Settings, searchPath: string, log: Logger): Promise<Toolbox> {
  const [ffmpeg, ffprobe] = await Promise.all([findExecutable(settings.ffmpeg, searchPath), findExecutable(settings.ffprobe, searchPath)])
  if (ffmpeg === null) throw new Error(`FFmpeg not found (${settings.ffmpeg}): install it, or set FFMPEG_PATH`)
  if (ffprobe === null) throw new Error(`ffprobe not found (${settings.ffprobe}): install it, or set FFPROBE_PATH`)
  const lifeDir = await openLife(settings.jobsDir)
  const [{ sandbox, rejected }, demuxers] = await Promise.all([
    chooseSandbox(settings, { ffmpeg, ffprobe }, lifeDir, searchPath),
    runToEnd([ffprobe, '-v', 'error', '-demuxers'], { cwd: lifeDir, timeoutSeconds: 20 }),
  ])
  if (sandbox.kind === 'none') log.warn({ rejected }, 'FFmpeg runs without a sandbox: run only commands and media that you trust')
  else log.info({ sandbox: sandbox.kind, rejected }, 'sandbox proven')
  return {
    ffmpeg,
    ffprobe,
    sandbox,
    probeFormats: harmlessDemuxers(demuxers.stdout),
    lifeDir,
    maxJobDiskBytes: settings.maxJobDiskBytes,
    maxFfmpegMemoryBytes: settings.maxFfmpegMemoryBytes,
  }
}

function listen(server: ReturnType<typeof createAdaptorServer>, { port, host }: Settings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function portOf(address: string | AddressInfo | null): number | null {
  return typeof address === 'object' ? (address?.port ?? null) : null
}

main().catch((error: unknown) => {
  console.error(`executor: ${error instanceof Error ? error.message : String(error)}`)
  process.exit(1)
})
