/**
 * The Docker engine that the tests of containers use. Where it reaches a registry the real images are used; where it does not,
 * stand-ins are made: the base image from Debian's packages and this machine's Node, and the sidecar of workerd from twenty lines of our own.
 */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

const ROOT = path.resolve(import.meta.dirname, '../..')
const STAND_INS = path.join(import.meta.dirname, 'stand-ins')
const DOCKER = dockerOnPath()
const NODE_IMAGE = 'node:24-trixie-slim'
const SIDECAR_IMAGE = 'renderio-test-sidecar'
/** The executor's image, as the guide to self-hosting builds it. */
export const EXECUTOR_IMAGE = 'renderio-executor'
const PULL_TIMEOUT_MS = 5 * 60_000

export type Engine =
  /** `env` is what wrangler and `npm run dev:containers` need to use it. */
  { available: true; env: Record<string, string> } | { available: false; reason: string }

/** Finds the engine and makes every image that it lacks, the executor's included: minutes the first time, seconds later. */
export async function prepareEngine(log: (line: string) => void): Promise<Engine> {
  try {
    await docker('version')
  } catch {
    return { available: false, reason: 'no Docker engine answers' }
  }
  if (!(await has(NODE_IMAGE)) && !(await canPull(NODE_IMAGE))) {
    try {
      log(`Making a stand-in for ${NODE_IMAGE}, which cannot be pulled`)
      await makeNodeImage()
    } catch (error) {
      return {
        available: false,
        reason: `${NODE_IMAGE} can neither be pulled nor made: ${error instanceof Error ? error.message : String(error)}`,
      }
    }
  }
  log(`Building ${EXECUTOR_IMAGE}`)
  await docker('build', '--tag', EXECUTOR_IMAGE, '--file', path.join(ROOT, 'container/Dockerfile'), ROOT)
  if (!(await isStandIn(NODE_IMAGE))) return { available: true, env: {} }
  await docker('build', '--tag', SIDECAR_IMAGE, '--file', path.join(STAND_INS, 'sidecar.Dockerfile'), STAND_INS)
  return {
    available: true,
    env: {
      WRANGLER_DOCKER_BIN: path.join(STAND_INS, 'docker-cli.sh'),
      REAL_DOCKER: DOCKER,
      DOCKER_HOST: process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock',
      MINIFLARE_CONTAINER_EGRESS_IMAGE: SIDECAR_IMAGE,
    },
  }
}

/** Runs a docker command and returns what it printed. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run(DOCKER, args, { maxBuffer: 64 * 1024 * 1024 })
  return stdout.trim()
}

/** The system's own client before any other: one that was put beside it may lack what the engine's package brings along. */
function dockerOnPath(): string {
  const onPath = (process.env.PATH ?? '').split(path.delimiter).includes('/usr/bin')
  return onPath && existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker'
}

async function has(image: string): Promise<boolean> {
  return docker('image', 'inspect', image).then(
    () => true,
    () => false,
  )
}

async function canPull(image: string): Promise<boolean> {
  return run(DOCKER, ['pull', image], { timeout: PULL_TIMEOUT_MS }).then(
    () => true,
    () => false,
  )
}

async function isStandIn(image: string): Promise<boolean> {
  return (await docker('image', 'inspect', '--format', '{{index .Config.Labels "renderio.stand-in"}}', image)) === '1'
}

async function makeNodeImage(): Promise<void> {
  const context = await mkdtemp(path.join(tmpdir(), 'renderio-image-'))
  try {
    await run('mmdebstrap', ['--variant=minbase', '--include=ca-certificates,libstdc++6', 'trixie', path.join(context, 'debian.tar')])
    await cp(process.execPath, path.join(context, 'node'))
    await cp(await npmFolder(), path.join(context, 'npm'), { recursive: true, dereference: true })
    await cp(npmSetting('cafile') ?? '/etc/ssl/certs/ca-certificates.crt', path.join(context, 'ca-certificates.crt'))
    await docker('build', '--tag', NODE_IMAGE, '--file', path.join(STAND_INS, 'node.Dockerfile'), context)
  } finally {
    await rm(context, { recursive: true, force: true })
  }
}

/** Not npm's own idea of it, which follows whichever Node runs. */
async function npmFolder(): Promise<string> {
  const program = execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim()
  return path.resolve(path.dirname(await realpath(program)), '..')
}

function npmSetting(name: string): string | null {
  const value = execFileSync('npm', ['config', 'get', name], { encoding: 'utf8' }).trim()
  return value === 'null' || value === 'undefined' || value === '' ? null : value
}
