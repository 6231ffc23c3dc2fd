import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { showErrors } from '../../../src/ffmpeg/log-level.ts'
import { FFMPEG } from '../../machine/ffmpeg.ts'

describe('a level that hides errors becomes `error`', () => {
  it.each([
    ['quiet', 'error'],
    ['panic', 'error'],
    ['fatal', 'error'],
    ['0', 'error'],
    ['8', 'error'],
    ['-8', 'error'],
    ['15', 'error'],
    ['+quiet', '+error'],
    ['level+', 'level+error'],
    ['repeat+quiet', 'repeat+error'],
    ['repeat-level+8', 'repeat-level+error'],
    ['+repeat+level+fatal', '+repeat+level+error'],
  ])('-v %s', (given, shown) => {
    expect(showErrors(['-v', given, '-i', 'no-such-file', 'o.mp4'])).toEqual(['-v', shown, '-i', 'no-such-file', 'o.mp4'])
  })

  it.each([['quiet'], ['level+'], ['repeat-level+8']])(
    'FFmpeg itself says nothing with -v %s, and why it failed with what becomes of it',
    (given) => {
      const saidWith = (argv: string[]) => spawnSync(FFMPEG, ['-hide_banner', ...argv], { encoding: 'utf8' }).stderr
      const argv = ['-v', given, '-i', 'no-such-file', '-f', 'null', '-']
      expect(saidWith(argv)).toBe('')
      expect(saidWith(showErrors(argv))).toContain('No such file')
    },
  )

  it('wherever it stands, by either name, as often as it does', () => {
    expect(showErrors(['-loglevel', 'quiet', '-i', 'a', '-v', '0', 'o.mp4', '-v', 'fatal'])).toEqual([
      '-loglevel',
      'error',
      '-i',
      'a',
      '-v',
      'error',
      'o.mp4',
      '-v',
      'error',
    ])
  })
})

it.each([['error'], ['warning'], ['info'], ['16'], ['48'], ['level+debug'], ['repeat+level'], ['+level'], ['QUIET'], ['nonsense'], ['']])(
  'a level that shows errors, or that FFmpeg refuses, stays: %s',
  (level) => {
    expect(showErrors(['-v', level, '-i', 'a', 'o.mp4'])).toEqual(['-v', level, '-i', 'a', 'o.mp4'])
  },
)

it('what only looks like a level stays', () => {
  const argv = ['-i', 'a', '-vf', 'quiet', '-metadata', '-v', 'quiet', '-c:v', 'copy', 'o.mp4']
  expect(showErrors(argv)).toEqual(argv)
  expect(showErrors(['-v'])).toEqual(['-v'])
})
