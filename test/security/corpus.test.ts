import { spawn } from 'node:child_process'
import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Compilation, compileCommands } from '../../src/ffmpeg/command.ts'
import { guardInputs } from '../../src/ffmpeg/guards.ts'
import { aliasesIn } from '../../src/ffmpeg/placeholders.ts'
import { FFMPEG } from '../machine/ffmpeg.ts'
import { CORPUS, type CorpusEntry } from './corpus.ts'
import { makeSamples, SAMPLES, type SampleAlias } from './sample-media.ts'

let folder = ''
let missing = new Set<SampleAlias>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'renderio-corpus-'))
  missing = await makeSamples(join(folder, 'samples'))
})

afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

function isSample(alias: string): alias is SampleAlias {
  return Object.hasOwn(SAMPLES, alias)
}

function samplesOf(entry: CorpusEntry): SampleAlias[] {
  return [...new Set(entry.commands.flatMap(aliasesIn))].filter(isSample)
}

function compile(entry: CorpusEntry): Compilation {
  return compileCommands({
    field: entry.chain ? 'ffmpeg_commands' : 'ffmpeg_command',
    commands: entry.commands,
    inputs: Object.fromEntries(samplesOf(entry).map((alias) => [alias, `https://example.com/${SAMPLES[alias]}`])),
    outputs: Object.fromEntries(entry.outputs.map((name, i) => [`out_${i + 1}`, name])),
  })
}

function runFfmpeg(argv: string[], cwd: string): Promise<{ code: number | null; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(FFMPEG, ['-nostdin', '-y', ...argv], { cwd, stdio: ['ignore', 'ignore', 'pipe'] })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk
    })
    child.on('error', reject).on('close', (code) => resolve({ code, stderr }))
  })
}

/** What FFmpeg says when it was built without a part that a command needs, which is not the policy's doing. */
const NOT_BUILT_IN =
  /(?:Unknown encoder|No such filter|Unknown decoder|Unrecognized option|Invalid keyval name|Requested output format .* is not).*/

describe('the policy refuses no command that people write', () => {
  it('has at least 150 commands to judge', () => {
    expect(CORPUS.length).toBeGreaterThanOrEqual(150)
  })

  it.each(CORPUS.map((entry) => [entry.category, entry.commands.join(' && '), entry] as const))('%s: %s', (_category, _text, entry) => {
    expect(compile(entry)).toMatchObject({ ok: true })
  })
})

describe('every command runs with the guards on its inputs', () => {
  it.concurrent.for(CORPUS.map((entry) => [entry.category, entry.commands.join(' && '), entry] as const))(
    '%s: %s',
    async ([_category, _text, entry], { skip }) => {
      const compilation = compile(entry)
      if (!compilation.ok) throw new Error(compilation.faults.map((fault) => fault.msg).join('; '))
      skip(
        samplesOf(entry).some((alias) => missing.has(alias)),
        'a TrueType font',
      )
      const job = await mkdtemp(join(folder, 'job-'))
      for (const alias of samplesOf(entry)) {
        await copyFile(join(folder, 'samples', SAMPLES[alias]), join(job, compilation.command.inputs[alias] ?? alias))
      }
      for (const argv of compilation.command.argvs.map(guardInputs)) {
        const { code, stderr } = await runFfmpeg(argv, job)
        const [lacking] = NOT_BUILT_IN.exec(stderr) ?? []
        skip(lacking !== undefined, `an FFmpeg that does not say “${lacking}”`)
        expect(code, stderr).toBe(0)
      }
      for (const name of entry.outputs) expect((await stat(join(job, name))).isFile(), name).toBe(true)
    },
  )
})
