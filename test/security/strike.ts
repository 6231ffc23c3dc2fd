/** An attack straight at an executor: no policy, no guards. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inputFilenames } from '../../src/ffmpeg/filenames.ts'
import { replacePlaceholders } from '../../src/ffmpeg/placeholders.ts'
import { splitProgram } from '../../src/ffmpeg/program.ts'
import { tokenise } from '../../src/ffmpeg/tokenise.ts'
import { JobClient } from '../executor/job-client.ts'
import type { ExecutorProcess } from '../support/executor-process.ts'
import type { Attack } from './attacks.ts'

const DISK_BYTES = 20e6

/**
 * Runs the attack to its end, or for `seconds`, and returns all that a client may get to see of it: state, log, and whatever it wrote.
 * No output is declared to the executor, so that what was written stays even where a promised file is missing.
 */
export async function strike(executor: ExecutorProcess, attack: Attack, video: Uint8Array<ArrayBuffer>, seconds: number): Promise<string> {
  const job = new JobClient(executor)
  const urls = Object.entries(attack.inputs).map(([alias, { filename }]) => [alias, `https://example.com/${filename}`] as const)
  const inputs = inputFilenames(new Map(urls), Object.values(attack.outputs))
  for (const [alias, { content }] of Object.entries(attack.inputs)) {
    await job.put(inputs.get(alias) ?? alias, content === 'video' ? video : content)
  }
  const files = new Map([...inputs, ...Object.entries(attack.outputs)])
  const commands = attack.commands.map((command) => splitProgram(wordsOf(command, files)))
  const state = await job.ended({
    commands: commands.map(({ words }) => words),
    programs: commands.map(({ program }) => program ?? 'ffmpeg'),
    inputs: Object.fromEntries(inputs),
    limits: { run_seconds: seconds, disk_bytes: DISK_BYTES },
  })
  const shown = [JSON.stringify(state), await job.log(), ...(await contentsOf(await job.folder()))].join('\n')
  await job.remove()
  return shown
}

function wordsOf(command: string, files: ReadonlyMap<string, string>): string[] {
  const split = tokenise(command)
  if (!split.ok) throw new Error(`${split.reason}: ${command}`)
  return split.tokens.map((token) => replacePlaceholders(token, (alias) => files.get(alias) ?? alias))
}

async function contentsOf(folder: string | null): Promise<string[]> {
  if (folder === null) return []
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return Promise.all(entries.filter((entry) => entry.isFile()).map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')))
}
