import { describe, expect, it } from 'vitest'
import { splitProgram } from '../../../src/ffmpeg/program.ts'
import { tokenise } from '../../../src/ffmpeg/tokenise.ts'

function split(command: string) {
  const tokens = tokenise(command)
  if (!tokens.ok) throw new Error(tokens.reason)
  return splitProgram(tokens.tokens)
}

describe('splitProgram', () => {
  it.each([
    'ffmpeg',
    'FFmpeg',
    '/usr/bin/ffmpeg',
    '/usr/local/bin/ffmpeg',
    './ffmpeg',
    '../bin/ffmpeg',
    '~/bin/ffmpeg',
    'ffmpeg.exe',
    'FFMPEG.EXE',
    '"C:\\ffmpeg\\bin\\ffmpeg.exe"',
    "'C:\\Program Files\\ffmpeg\\bin\\ffmpeg.exe'",
    'C:\\ffmpeg\\bin\\ffmpeg.exe',
    'c:\\\\ffmpeg\\\\bin\\\\ffmpeg.exe',
    'C:/ffmpeg/bin/ffmpeg.exe',
    '.\\ffmpeg',
    '.\\bin\\ffmpeg.exe',
    '..\\ffmpeg',
    'ffmpeg ffmpeg',
    'ffmpeg\n/usr/bin/ffmpeg',
    '$ ffmpeg',
    '& .\\ffmpeg.exe',
    '```bash\nffmpeg',
  ])('takes %s for FFmpeg', (name) => {
    expect(split(`  ${name} -y -i a b\n`)).toMatchObject({ program: 'ffmpeg', words: ['-y', '-i', 'a', 'b'] })
  })

  it.each(['ffprobe', '/usr/bin/ffprobe', 'C:\\ffmpeg\\bin\\ffprobe.exe', 'ffprobe ffprobe'])('takes %s for ffprobe', (name) => {
    expect(split(`${name} -i a`)).toMatchObject({ program: 'ffprobe', words: ['-i', 'a'] })
  })

  it.each(['-i ffmpeg', 'ffmpeg2 -i a', 'ffplay a', 'myffmpeg -i a', 'ffmpeg/x a', '$ a', ''])('finds no program before %j', (command) => {
    const words = command.split(' ').filter((word) => word !== '')
    expect(split(command)).toEqual({ program: null, words, skipped: 0 })
  })

  it('leaves the other program where it stands', () => {
    expect(split('ffmpeg ffprobe a')).toEqual({ program: 'ffmpeg', words: ['ffprobe', 'a'], skipped: 1 })
  })
})
