import { describe, expect, it } from 'vitest'
import { pastEnd, wroteNothing } from '../../../src/ffmpeg/past-end.ts'

const argvOf = (command: string) => command.split(' ')
const progress = (frame: number | null, outTimeSeconds: number | null) => ({ frame, outTimeSeconds, fps: null, speed: null })
const EMPTY = 'Output file is empty, nothing was encoded (check -ss / -t / -frames parameters if used)'

describe('an FFmpeg that ended well has written nothing', () => {
  it.each<[what: string, said: string[], command: string, frame: number | null, out: number | null]>([
    ['where it has counted no frame', [], '-ss 10 -i a o.mp4', 0, 0],
    ['where it says so', [EMPTY], '-i a -ss 10 -vn o.mp3', null, 0],
    ['where releases from 6 on say so of every output', [`[out#0/mp3] ${EMPTY}`, `[out#1/ogg] ${EMPTY}`], '-i a o.mp3 o.ogg', null, null],
  ])('%s', (_, said, command, frame, out) => {
    expect(wroteNothing(said, argvOf(command), progress(frame, out))).toBe(true)
  })

  it.each<[what: string, said: string[], command: string, frame: number | null, out: number | null]>([
    ['not where one of two outputs has something', [`[out#0/mp3] ${EMPTY}`], '-i a o.mp3 p.mp3', null, 3],
    ['not where the output is a text', [EMPTY], '-i a -f ffmetadata o.txt', null, 0],
    ['not where it is to write nowhere', [EMPTY], '-i a -f null -', 0, 0],
    ['not where sound was written', [], '-i a o.mp4', 0, 2.5],
    ['not where a picture was written', [], '-i a -frames:v 1 o.png', 1, 0],
  ])('%s', (_, said, command, frame, out) => {
    expect(wroteNothing(said, argvOf(command), progress(frame, out))).toBe(false)
  })
})

describe('a start past the end is found', () => {
  it.each<[command: string, durations: (number | null)[], expected: object | null]>([
    ['-ss 10 -i a.mp4 o.mp4', [3], { input: 'a.mp4', start: '10', inputSeconds: 3 }],
    ['-i a.mp4 -ss 00:01:00 o.mp4', [3], { input: 'a.mp4', start: '00:01:00', inputSeconds: 3 }],
    ['-i a.mp4 -ss 4 -i b.mp4 o.mp4', [9, 3], { input: 'b.mp4', start: '4', inputSeconds: 3 }],
    ['-ss 1 -i a.mp4 o.mp4', [3], null],
    ['-ss 10 -i a.mp4 o.mp4', [null], null],
    ['-ss soon -i a.mp4 o.mp4', [3], null],
  ])('%s', (command, durations, expected) => {
    expect(pastEnd(argvOf(command), durations)).toEqual(expected)
  })
})
