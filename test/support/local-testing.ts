/** README's section on local testing with wrangler: its commands as they stand there. */
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { get, type IncomingMessage } from 'node:http'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { split } from 'shlex'
import { wranglerEnvironment } from '../../src/cli/wrangler.ts'

const README = path.resolve(import.meta.dirname, '../../README.md')
const SECTION = /^## Local testing with wrangler\n(.*?)^## /ms
const COMMANDS = /^```bash\n(.*?)\n```$/gms

export interface LocalTesting {
  withDocker: string
  executor: string
  withoutDocker: string
  /** Has the service run a command. */
  curl: string
}

export async function localTesting(): Promise<LocalTesting> {
  const section = SECTION.exec(await readFile(README, 'utf8'))?.[1] ?? ''
  const [withDocker, executor, withoutDocker, curl, ...more] = [...section.matchAll(COMMANDS)].map(([, command]) => command)
  if (!withDocker || !executor || !withoutDocker || !curl || more.length > 0) throw new Error(`other commands are expected in ${section}`)
  return { withDocker, executor, withoutDocker, curl }
}

/** What wrangler needs to ask nobody outside, and to keep what it keeps in `folder`. */
export function quietWrangler(folder: string): NodeJS.ProcessEnv {
  const { SITE_IS_BUILT: _, ...env } = wranglerEnvironment(folder)
  return env
}

/** Options that a test must add: free ports, and a folder of its own. */
export function testOptions({ port, folder }: { port: number; folder: string }): string {
  return `--port=${port} --inspector-port=0 --persist-to=${folder}`
}

/** Sends what a curl command sends, to a service on another port. */
export async function sendAsCurl(command: string, port: number): Promise<Response> {
  const words = split(command)
  const valuesOf = (option: string) => words.filter((_, index) => words[index - 1] === option)
  const url = words.find((word) => word.startsWith('http')) ?? ''
  const headers = valuesOf('-H').map((header): [string, string] => {
    const [name = '', value = ''] = header.split(': ')
    return [name, value]
  })
  return fetch(url.replace(':8787/', `:${port}/`), { method: 'POST', headers, body: valuesOf('-d')[0] ?? '' })
}

/** The answer to a GET that names `host` as the one it is for. */
export async function askedAs(host: string, url: string): Promise<{ status: number | undefined; body: string }> {
  const [answer] = (await once(get(url, { headers: { host } }), 'response')) as [IncomingMessage]
  return { status: answer.statusCode, body: await text(answer) }
}
