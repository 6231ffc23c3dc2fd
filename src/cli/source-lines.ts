/** Stack traces of the bundled Worker, told in the lines of its sources. */
import { readFileSync } from 'node:fs'
import { SourceMap } from 'node:module'
import path from 'node:path'

/** File, line and column as a stack trace has them. */
const POSITION = /(?<![^\s("])([^\s("]+):(\d+):(\d+)/g

/** Returns what puts sources in the place of a bundled script's lines in a text, by the map beside the script. */
export function sourceLines(script: string): (text: string) => string {
  const name = path.basename(script)
  // A map takes a hundred megabytes, and most Workers never throw.
  let map: SourceMap | null = null
  return (text) =>
    text.replace(POSITION, (place, file: string, line: string, column: string) => {
      if (path.basename(file) !== name) return place
      map ??= new SourceMap(JSON.parse(readFileSync(`${script}.map`, 'utf8')))
      const origin = map.findOrigin(Number(line), Number(column))
      return 'fileName' in origin
        ? `${path.resolve(path.dirname(script), origin.fileName)}:${origin.lineNumber}:${origin.columnNumber}`
        : place
    })
}
