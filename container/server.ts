/** The executor's process: settings, proof that it can work, listening, and an end that leaves nothing behind. */
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import { type Logger, pino } from 'pino'
import { graphFileSyntax } from '../src/ffmpeg/scripts.ts'
import { createApp } from './app.ts'
import { findExecutable } from './executable.ts'
import { Gates } from './gate.ts'
import { Health } from './health.ts'
import { Jobs } from './jobs.ts'
import { startOrphanGuard } from './orphan-guard.ts'
import { harmlessDemuxers } from './probe.ts'
import { killAllGroups, runToEnd } from './process-group.ts'
import { chooseSandbox } from './sandbox-choice.ts'
import { readSettings, type Settings } from './settings.ts'
import type { Toolbox } from './toolbox.ts'
import { openLife } from './workspace.ts'

/** What the last answers get to leave a process that ends. */
const LAST_ANSWERS_MS = 500

/** Longer than clients keep a connection, so that none is closed under a request. */
const KEEP_ALIVE_MS = 75_000

async function main(): Promise<void> {
  const settings = readSettings(process.env)
  const log = pino({ level: settings.logLevel, base: null })
  startOrphanGuard()
  const toolbox = await openToolbox(settings, process.env.PATH ?? '', log)
  if (settings.token === null && settings.trustNetwork) {
    log.warn('TRUST_NETWORK is set and EXECUTOR_TOKEN is not: whoever reaches this port may run FFmpeg here')
  }

  const jobs = new Jobs(toolbox, settings.maxSpareFfmpegs, log)
  let shuttingDown = false
  const app = createApp({
    jobs,
    health: new Health(toolbox),
    token: settings.token,
    trustNetwork: settings.trustNetwork,
    isShuttingDown: () => shuttingDown,
    log,
  })
  const server = createAdaptorServer({
    fetch: app.fetch,
    // An input may take as long as it takes: its sender keeps the time.
    serverOptions: { requestTimeout: 0, keepAliveTimeout: KEEP_ALIVE_MS },
  })

  const shutDown = async () => {
    if (shuttingDown) return
    shuttingDown = true
    server.close()
    // First the connections: a client must see this executor lost, not its job failed.
    if ('closeAllConnections' in server) server.closeAllConnections()
    await killAllGroups()
    await rm(toolbox.lifeDir, { recursive: true, force: true })
    process.exit(0)
  }
  let draining = false
  const drain = async () => {
    // Who asks twice has no time.
    if (draining) return shutDown()
    draining = true
    log.info({ drain_ms: settings.drainMs }, 'shutting down')
    if (settings.drainMs > 0) {
      await Promise.race([jobs.drain(), sleep(settings.drainMs)])
      // Whoever removed the last job is still to be told.
      server.close()
      await Promise.race([once(server, 'close'), sleep(LAST_ANSWERS_MS)])
    }
    await shutDown()
  }
  process.on('SIGTERM', drain)
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
  const [{ sandbox, rejected }, demuxers, version] = await Promise.all([
    chooseSandbox(settings, { ffmpeg, ffprobe }, lifeDir, searchPath),
    runToEnd([ffprobe, '-v', 'error', '-demuxers'], { cwd: lifeDir, timeoutSeconds: 20 }),
    runToEnd([ffmpeg, '-version'], { cwd: lifeDir, timeoutSeconds: 20 }),
  ])
  if (sandbox.kind === 'none') log.warn({ rejected }, 'FFmpeg runs without a sandbox: run only commands and media that you trust')
  else log.info({ sandbox: sandbox.kind, rejected }, 'sandbox proven')
  return {
    ffmpeg,
    ffprobe,
    sandbox,
    graphFiles: graphFileSyntax(version.stdout),
    gates: new Gates(join(lifeDir, 'gates'), await findExecutable('mkfifo', searchPath)),
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
