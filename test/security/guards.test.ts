import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compileCommands } from '../../src/ffmpeg/command.ts'
import { guardInputs } from '../../src/ffmpeg/guards.ts'
import { FFMPEG } from '../machine/ffmpeg.ts'
import { type Attack, attacks } from './attacks.ts'
import { makeSamples } from './sample-media.ts'

let folder = ''
let visits = 0
const listener = createServer((_request, response) => {
  visits += 1
  response.end()
})

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'renderio-guards-'))
  await makeSamples(join(folder, 'outside'))
  await once(listener.listen(0, '127.0.0.1'), 'listening')
})

afterAll(async () => {
  listener.close()
  await rm(folder, { recursive: true, force: true })
})

function address(server: { address(): AddressInfo | string | null }): string {
  const bound = server.address()
  return typeof bound === 'object' && bound !== null ? `127.0.0.1:${bound.port}` : ''
}

/** Attacks that only the guards hold, with a transport stream outside the job's folder as the prey. */
function attacksOnGuards(): Attack[] {
  const outside = join(folder, 'outside')
  const all = attacks({ file: join(outside, 'video.ts'), listener: address(listener), folder: outside })
  return all.filter((attack) => attack.heldBy === 'guards')
}

/** Runs an attack with no sandbox at all; tells whether it made an output. */
async function run(attack: Attack, guarded: boolean): Promise<{ succeeded: boolean; stderr: string }> {
  const inputs = Object.fromEntries(
    Object.entries(attack.inputs).map(([alias, { filename }]) => [alias, `https://example.com/${filename}`]),
  )
  const compilation = compileCommands({ field: 'ffmpeg_command', commands: attack.commands, inputs, outputs: attack.outputs })
  if (!compilation.ok) throw new Error(compilation.faults.map((fault) => fault.msg).join('\n'))
  const job = join(folder, 'jobs', crypto.randomUUID())
  await mkdir(job, { recursive: true })
  for (const [alias, { content }] of Object.entries(attack.inputs)) {
    const path = join(job, compilation.command.inputs[alias] ?? alias)
    if (content === 'video') await copyFile(join(folder, 'outside', 'video.mp4'), path)
    else await writeFile(path, content)
  }
  let stderr = ''
  for (const argv of compilation.command.argvs) {
    const child = spawn(FFMPEG, ['-nostdin', '-y', ...(guarded ? guardInputs(argv) : argv)], {
      cwd: job,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk
    })
    await once(child, 'close')
  }
  const sizes = await Promise.all(
    Object.values(attack.outputs).map((name) =>
      stat(join(job, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  )
  return { succeeded: sizes.some((size) => size > 0), stderr }
}

describe('guards alone hold what media files refer to', () => {
  it('no reference is followed, by file or by network', async () => {
    await Promise.all(
      attacksOnGuards().map(async (attack) => {
        const { succeeded, stderr } = await run(attack, true)
        expect(succeeded, `${attack.title}\n${stderr}`).toBe(false)
      }),
    )
    expect(visits).toBe(0)
  })

  it('the same list is followed without them, so the test is a real one', async () => {
    const local = attacksOnGuards().find((attack) => attack.title === 'list for concat with an absolute path')
    expect(local && (await run(local, false)).succeeded).toBe(true)
  })
})
