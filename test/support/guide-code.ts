/** The programs that the guides show, as they stand there. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'

/** The guide's code block that says in its first line that it is this file. */
export async function codeInGuide(guide: string, { language, file }: { language: string; file: string }): Promise<string> {
  const text = await readFile(path.resolve(import.meta.dirname, `../../src/docs/guides/${guide}.md`), 'utf8')
  const blocks = text.matchAll(/^```(\w+)\n(.*?)^```$/gms)
  const code = [...blocks].find(([, name, block]) => name === language && block?.split('\n')[0]?.includes(file))?.[2]
  if (code === undefined) throw new Error(`the guide ${guide} shows no ${file}`)
  return code
}
