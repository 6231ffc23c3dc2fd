/** A submit as programs to copy. The key is always a variable of the environment, never the key itself. Pure. */
import type { SubmitRequest } from '../api/types.ts'

export const LANGUAGES = ['curl', 'JavaScript', 'Python'] as const
export type Language = (typeof LANGUAGES)[number]

/** @param origin of the service */
export function snippet(language: Language, body: SubmitRequest, origin: string): string {
  const url = `${origin}/api/v1/${'ffmpeg_commands' in body ? 'run-chained-ffmpeg-commands' : 'run-ffmpeg-command'}`
  const json = JSON.stringify(body, null, 2)
  switch (language) {
    case 'curl':
      return [
        `curl ${url} \\`,
        `  -H "X-API-KEY: $RENDERIO_API_KEY" \\`,
        `  -H 'Content-Type: application/json' \\`,
        `  -H 'Prefer: wait=60' \\`,
        `  -d '${json.replaceAll("'", `'\\''`)}'`,
      ].join('\n')
    case 'JavaScript':
      return `const response = await fetch('${url}', {
  method: 'POST',
  headers: {
    'X-API-KEY': process.env.RENDERIO_API_KEY,
    'Content-Type': 'application/json',
    Prefer: 'wait=60',
  },
  body: JSON.stringify(${indent(json, 2)}),
})
console.log(response.status, await response.json())`
    case 'Python':
      return `import json, os, urllib.request

request = urllib.request.Request(
    "${url}",
    json.dumps(${indent(python(body), 4)}).encode(),
    {
        "X-API-KEY": os.environ["RENDERIO_API_KEY"],
        "Content-Type": "application/json",
        "Prefer": "wait=60",
    },
)
print(json.load(urllib.request.urlopen(request)))`
    default:
      return language satisfies never
  }
}

/** All lines but the first, so that the whole stands where the first does. */
function indent(text: string, spaces: number): string {
  return text.replaceAll('\n', `\n${' '.repeat(spaces)}`)
}

/** A JSON value as Python writes it. A string is the same in both. */
function python(value: unknown, depth = 0): string {
  const [inner, outer] = ['    '.repeat(depth + 1), '    '.repeat(depth)]
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (Array.isArray(value)) {
    return value.length === 0 ? '[]' : `[\n${value.map((item) => `${inner}${python(item, depth + 1)},\n`).join('')}${outer}]`
  }
  if (typeof value === 'object') {
    const entries = Object.entries(value)
    const lines = entries.map(([key, item]) => `${inner}${JSON.stringify(key)}: ${python(item, depth + 1)},\n`)
    return entries.length === 0 ? '{}' : `{\n${lines.join('')}${outer}}`
  }
  return JSON.stringify(value)
}
