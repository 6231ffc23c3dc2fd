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
import { findExecutable } from '../../container/executable.ts'

const run = promisify(execFile)

const ROOT = path.resolve(import.meta.dirname, '../..')
const STAND_INS = path.join(import.meta.dirname, 'stand-ins')
const DOCKER = dockerOnPath()
const NODE_IMAGE = 'node:24-trixie-slim'
const SIDECAR_IMAGE = 'renderio-test-sidecar'
/** The executor's image, as the guide to self-hosting builds it. */
export const EXECUTOR_IMAGE = 'renderio-executor'
const PULL_TIMEOUT_MS = 5 * 60_000
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

/** Whether this machine has an engine, and all that its images take. */
export type Engine = { available: true } | { available: false; reason: string }

/** What wrangler and `npm run dev:containers` need in their environment to use the engine. */
export type EngineEnvironment = Readonly<Record<string, string>>

/** Finds the engine. Makes nothing, but pulls the base image where that is the only way to have it. */
export async function findEngine(): Promise<Engine> {
  try {
    await docker('version')
  } catch {
    return { available: false, reason: 'no Docker engine answers' }
  }
  const canBeMade = (await findExecutable('mmdebstrap', process.env.PATH ?? '')) !== null
  if ((await has(NODE_IMAGE)) || canBeMade || (await canPull(NODE_IMAGE))) return { available: true }
  return { available: false, reason: `${NODE_IMAGE} cannot be pulled, nor made without mmdebstrap` }
}

/** Makes every image that the engine lacks, the executor's included: a minute or more the first time, seconds later. */
export async function makeImages(log: (line: string) => void, signal?: AbortSignal): Promise<EngineEnvironment> {
  if (!(await has(NODE_IMAGE)) && !(await canPull(NODE_IMAGE))) {
    log(`Making a stand-in for ${NODE_IMAGE}, which cannot be pulled`)
    await makeNodeImage(signal)
  }
  log(`Building ${EXECUTOR_IMAGE}`)
  await build(EXECUTOR_IMAGE, path.join(ROOT, 'container/Dockerfile'), ROOT, signal)
  if (!(await isStandIn(NODE_IMAGE))) return {}
  await build(SIDECAR_IMAGE, path.join(STAND_INS, 'sidecar.Dockerfile'), STAND_INS, signal)
  return {
    WRANGLER_DOCKER_BIN: path.join(STAND_INS, 'docker-cli.sh'),
    REAL_DOCKER: DOCKER,
    DOCKER_HOST: process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock',
    MINIFLARE_CONTAINER_EGRESS_IMAGE: SIDECAR_IMAGE,
  }
}

/** Runs a docker command and returns what it printed. */
export async function docker(...args: string[]): Promise<string> {
  const { stdout } = await run(DOCKER, args, { maxBuffer: MAX_OUTPUT_BYTES })
  return stdout.trim()
}

/** The system's own client before any other: one that was put beside it may lack what the engine's package brings along. */
function dockerOnPath(): string {
  const onPath = (process.env.PATH ?? '').split(path.delimiter).includes('/usr/bin')
  return onPath && existsSync('/usr/bin/docker') ? '/usr/bin/docker' : 'docker'
}

async function build(tag: string, dockerfile: string, context: string, signal?: AbortSignal): Promise<void> {
  await run(DOCKER, ['build', '--tag', tag, '--file', dockerfile, context], { maxBuffer: MAX_OUTPUT_BYTES, signal })
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

async function makeNodeImage(signal?: AbortSignal): Promise<void> {
  const context = await mkdtemp(path.join(tmpdir(), 'renderio-image-'))
  try {
    const packages = ['--variant=minbase', '--include=ca-certificates,libstdc++6']
    await run('mmdebstrap', [...packages, 'trixie', path.join(context, 'debian.tar')], { signal })
    await cp(process.execPath, path.join(context, 'node'))
    await cp(await npmFolder(), path.join(context, 'npm'), { recursive: true, dereference: true })
    await cp(npmSetting('cafile') ?? '/etc/ssl/certs/ca-certificates.crt', path.join(context, 'ca-certificates.crt'))
    await build(NODE_IMAGE, path.join(STAND_INS, 'node.Dockerfile'), context, signal)
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
