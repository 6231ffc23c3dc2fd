import { describe, expect, it } from 'vitest'
import { parseArgv } from '../../../src/ffmpeg/argv.ts'

function summary(command: string): string[] {
  const { files, trailing } = parseArgv(command.split(' '))
  const options = (list: typeof trailing) => list.map(({ name, value }) => (value === null ? name : `${name}=${value}`)).join(' ')
  return [
    ...files.map(({ kind, url, options: list }) => `${kind} ${url} (${options(list)})`),
    ...(trailing.length > 0 ? [`(${options(trailing)})`] : []),
  ]
}

describe('parseArgv gives every option to the file that follows it', () => {
  it.each([
    ['-y -i a -c:v x o', ['input a (y)', 'output o (c=x)']],
    ['-ss 1 -i a -i b -map 0 o -vn p', ['input a (ss=1)', 'input b ()', 'output o (map=0)', 'output p (vn)']],
    ['-noautorotate -i a -nostats o', ['input a (noautorotate)', 'output o (nostats)']],
    ['-metadata -i o', ['output o (metadata=-i)']],
    ['-i a - -y', ['input a ()', 'output - ()', '(y)']],
    ['-i a -- -odd', ['input a ()', 'output -odd ()']],
    ['-i a -t', ['input a ()', '(t)']],
    ['-i -x o', ['input -x ()', 'output o ()']],
  ])('%s', (command, expected) => {
    expect(summary(command)).toEqual(expected)
  })

  it('keeps stream specifiers apart from names', () => {
    expect(parseArgv(['-b:v:0', '1M', 'o']).files[0]?.options).toEqual([{ name: 'b', specifier: 'v:0', value: '1M', index: 0 }])
  })
})
