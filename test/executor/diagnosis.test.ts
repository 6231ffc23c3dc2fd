import { describe, expect, test } from 'vitest'
import { type EndedRun, timeoutReason } from '../../container/diagnosis.ts'

interface Stopped {
  command?: string
  stderr?: string
  written?: number | null
  speed?: number | null
  percent?: number | null
  notes?: string[]
}

function stopped({
  command = '-i in_1.mp4 o.mp4',
  stderr = '',
  written = null,
  speed = null,
  percent = null,
  notes = [],
}: Stopped): EndedRun {
  const report = { frame: null, fps: null, outTimeSeconds: written, speed }
  return {
    argv: command.split(' '),
    result: {
      exit: { kind: 'signalled', signal: 'SIGKILL' },
      head: stderr,
      stderr,
      progress: written === null ? null : { report, percent },
      outputs: new Map(),
    },
    aliases: new Map([['in_1.mp4', 'in_1']]),
    notes,
  }
}

describe('why a command was not done in time', () => {
  const limits = { run_seconds: 300, most_run_seconds: 3600, disk_bytes: 1e9 }
  const raise = 'raise max_command_run_seconds (at most 3600 here)'

  test.each<[what: string, run: Stopped, reason: string]>([
    [
      'it is slow',
      { written: 12.34, speed: 0.041, percent: 3.03 },
      `: it had written 12.3 seconds of output (3% of it), at 0.041 times real time; use a faster -preset or a smaller size, or ${raise}`,
    ],
    [
      'it is held back',
      { command: '-re -i in_1.mp4 o.mp4', written: 299, speed: 1 },
      `: it had written 299 seconds of output, at 1 times real time; leave out -re, with which FFmpeg reads no faster than the input plays, or ${raise}`,
    ],
    ['it has not begun to write', {}, `: it had written no output; use a faster -preset or a smaller size, or ${raise}`],
    [
      'it has no end',
      { command: '-loop 1 -i in_1.mp4 o.mp4', written: 900, speed: 3, stderr: '[swscaler] Warning: missing\n' },
      ': -loop 1 makes the input "in_1" endless, and nothing ends the output; write -t and its length in seconds before the output’s name, or -shortest to end it with another input',
    ],
    ['it is stuck at a fault', { stderr: '[png @ 0x1] Invalid signature\n'.repeat(5) }, '\nFFmpeg repeated this: [png] Invalid signature'],
    [
      'it has told a fault once',
      { stderr: 'Cannot open x\n' },
      `: it had written no output; use a faster -preset or a smaller size, or ${raise}\nFFmpeg’s last error: Cannot open x`,
    ],
    ['its input is none', { notes: ['The input "in_1" is not media: it is JSON'] }, '\nThe input "in_1" is not media: it is JSON'],
    [
      'it fills gaps',
      { command: '-i in_1.mp4 -r 30 o.mp4', written: 9000, speed: 30, stderr: 'More than 1000 frames duplicated\n' },
      `: it had written 9000 seconds of output, at 30 times real time; use a faster -preset or a smaller size, or ${raise}\nFFmpeg filled gaps between the timestamps of the input with copies of frames: write -fps_mode vfr before the output’s name, and leave out -r`,
    ],
  ])('%s', (_, run, reason) => {
    expect(timeoutReason(stopped(run), limits)).toBe(reason)
  })

  test('one that had all the time there is cannot ask for more', () => {
    expect(timeoutReason(stopped({ written: 1, speed: 0.1 }), { ...limits, run_seconds: 3600 })).toMatch(/smaller size, or split the work$/)
  })
})
