/** The programs that the guides show, as they stand there. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { GUIDES } from '../../src/docs/contents.ts'

const FOLDER = path.resolve(import.meta.dirname, '../../src/docs/guides')

/** The guide's code block that says in its first line that it is this file. */
export async function codeInGuide(guide: string, { language, file }: { language: string; file: string }): Promise<string> {
  const code = (await blocksOf(guide)).find((block) => block.language === language && block.code.split('\n')[0]?.includes(file))?.code
  if (code === undefined) throw new Error(`the guide ${guide} shows no ${file}`)
  return code
}

/** What the guides tell to type into a shell, block by block. A program that has a file of its own is none. */
export async function shellBlocks(): Promise<{ guide: string; first: string; code: string }[]> {
  const all = await Promise.all(GUIDES.map(async (guide) => (await blocksOf(guide)).map((block) => ({ guide, ...block }))))
  return all
    .flat()
    .filter(({ language, code }) => language === 'bash' && !/^# \S+\.sh · run with: /.test(code))
    .map(({ guide, code }) => ({ guide, first: code.split('\n')[0] ?? '', code }))
}

async function blocksOf(guide: string): Promise<{ language: string; code: string }[]> {
  const text = await readFile(path.join(FOLDER, `${guide}.md`), 'utf8')
  return Array.from(text.matchAll(/^```(\w+)\n(.*?)^```$/gms), ([, language = '', code = '']) => ({ language, code }))
}
