import { describe, expect, it } from 'vitest'
import { endlessness } from '../../../src/ffmpeg/endless.ts'

/** Arguments with blanks in them stand in single quotes. */
const argvOf = (command: string) => Array.from(command.matchAll(/'([^']*)'|\S+/g), ([word, quoted]) => quoted ?? word)

describe('a command without an end is one', () => {
  it.each<[command: string, what: string, input: string | null]>([
    ['-loop 1 -i a.jpg o.mp4', '-loop 1', 'a.jpg'],
    ['-loop 1 -i a.jpg -i b.mp3 -c:v libx264 o.mp4', '-loop 1', 'a.jpg'],
    ['-i b.mp3 -stream_loop -1 -i a.mp4 o.mp4', '-stream_loop -1', 'a.mp4'],
    ['-ignore_loop 0 -i a.gif o.mp4', '-ignore_loop 0', 'a.gif'],
    ['-f lavfi -i color=c=black:s=320x240:r=25 o.mp4', 'color', null],
    ['-f lavfi -i anullsrc=r=44100:cl=stereo -i a.mp4 o.mp4', 'anullsrc', null],
    ['-f lavfi -i anullsrc -t 5 -i a.mp4 o.mp4', 'anullsrc', null],
    ['-i a.mp4 -filter_complex color=c=red[b];[b][0:v]overlay o.mp4', 'color', null],
    ['-i a.mp4 -af apad o.mp3', 'apad', null],
    ['-i a.mp4 -vf loop=-1:size=100 o.mp4', 'loop=-1', null],
    ['-loop 1 -i a.jpg -t 5 1.mp4 2.mp4', '-loop 1', 'a.jpg'],
  ])('%s', (command, what, input) => {
    expect(endlessness(argvOf(command))).toEqual({ what, input })
  })
})

it.each([
  '-loop 1 -i a.jpg -t 5 o.mp4',
  '-loop 1 -t 5 -i a.jpg o.mp4',
  '-loop 1 -i a.jpg -i b.mp3 -shortest o.mp4',
  '-loop 1 -i a.jpg -frames:v 100 o.mp4',
  '-loop 0 -i a.gif o.mp4',
  '-stream_loop 3 -i a.mp4 o.mp4',
  '-f lavfi -i color=c=black:s=320x240:d=5 o.mp4',
  '-f lavfi -i sine=frequency=440:duration=5 o.wav',
  '-i a.mp4 -filter_complex color=c=red[b];[b][0:v]overlay=shortest=1 o.mp4',
  '-i a.mp4 -vf colorchannelmixer=.3,format=gray o.mp4',
  '-i a.mp4 -vf drawbox=color=red o.mp4',
  '-i a.mp4 -af apad=whole_dur=10 o.mp3',
])('one that ends is none: %s', (command) => {
  expect(endlessness(argvOf(command))).toBeNull()
})
