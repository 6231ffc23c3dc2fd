import { expect, test } from 'vitest'
import { revisionNeeded } from '../../../src/executor/revision-needed.ts'

test.each([
  ['an ordinary command', [['-i', 'in.mp4', '-vf', 'scale=320:-1', 'out.mp4']]],
  ['one whose files only look like scripts to the eye', [['-i', 'list.txt', '-c', 'copy', 'out.m3u8']]],
])('%s runs on every executor', (_, commands) => {
  expect(revisionNeeded({ commands })).toBe(1)
  expect(revisionNeeded({ commands, programs: commands.map(() => 'ffmpeg') })).toBe(1)
})

test('an ffprobe command needs an executor that knows of programs', () => {
  const commands = [
    ['-i', 'in.mp4', 'out.mp4'],
    ['-show_format', 'out.mp4'],
  ]
  expect(revisionNeeded({ commands, programs: ['ffmpeg', 'ffprobe'] })).toBe(2)
})

test.each([
  ['a list', ['-f', 'concat', '-i', 'list.txt', '-c', 'copy', 'out.mp4']],
  ['a playlist', ['-i', 'in.m3u8', '-c', 'copy', 'out.mp4']],
  ['a graph', ['-i', 'in.mp4', '-/filter_complex', 'graph.txt', 'out.mp4']],
  ['a graph by its older option', ['-i', 'in.mp4', '-filter_complex_script', 'graph.txt', 'out.mp4']],
  ['run-time commands', ['-i', 'in.mp4', '-vf', 'sendcmd=f=cmds.txt', 'out.mp4']],
])('a command that reads %s needs one that judges it', (_, command) => {
  expect(revisionNeeded({ commands: [['-i', 'in.mp4', 'out.mp4'], command] })).toBe(2)
})
