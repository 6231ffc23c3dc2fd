/** A run's figures as a file, with which later runs are compared. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { type EarlierRow, isMet, type Row, textOf } from './rows.ts'

/** Raised when what is read of a report changes; fields may be added without. */
const SCHEMA_VERSION = 1

const earlierSchema = z.object({
  schema_version: z.literal(SCHEMA_VERSION, `--against takes reports of schema_version ${SCHEMA_VERSION} only`),
  rows: z.array(z.object({ scenario: z.string(), measure: z.string(), value: z.number().nullable() })),
})

/** Throws where the file is none of ours. */
export async function readReport(file: string): Promise<EarlierRow[]> {
  const parsed = earlierSchema.safeParse(JSON.parse(await readFile(file, 'utf8')))
  if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`)
  return parsed.data.rows
}

/** Answers the file's path. */
export async function writeReport(folder: string, rows: Row[]): Promise<string> {
  await mkdir(folder, { recursive: true })
  const at = new Date().toISOString()
  const file = path.join(folder, `${at.replaceAll(':', '-')}.json`)
  const reported = rows.map((row) => ({ ...row, goal: row.goal && textOf(row.goal), met: isMet(row) }))
  await writeFile(file, `${JSON.stringify({ schema_version: SCHEMA_VERSION, at, rows: reported }, null, 2)}\n`)
  return file
}
