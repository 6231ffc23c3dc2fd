import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { filterCommands, parseDictionary, parseFilterOptions, parseGraph } from '../../../src/ffmpeg/filtergraph.ts'

/** Without the pauses between them. */
const commandsOf = (text: string) => [...filterCommands(text)].filter((command) => command !== null)

describe('parseGraph reads what libavfilter reads', () => {
  it.each([
    ['scale=1:2,fps=3', ['scale(1:2)', 'fps(3)']],
    ['[0:v][1:v]overlay=x=1[a];[a]hflip[out]', ['overlay(x=1)', 'hflip()']],
    ['\n[0:v] split=2 [a][b] ;\n[a] null [c]', ['split(2)', 'null()']],
    ["select='eq(n\\,0)',null", ['select(eq(n\\,0))', 'null()']],
    ['drawtext=text=a\\,b,null', ['drawtext(text=a,b)', 'null()']],
    ["drawtext=text='a,b;c[d]',null", ['drawtext(text=a,b;c[d])', 'null()']],
    ['mo\\vie=x', ['movie(x)']],
    ["mov'ie'@one=x", ['movie(x)']],
    ["[a'];b']movie=x", ['movie(x)']],
    ["sws_flags='x;movie=y", ['movie(y)']],
    ["text='open", ['text(open)']],
    ['', []],
  ])('%j', (graph, expected) => {
    expect(parseGraph(graph).map(({ name, args }) => `${name}(${args})`)).toEqual(expected)
  })

  it('never hangs or throws', () => {
    const char = fc.constantFrom('[', ']', ',', ';', '=', "'", '\\', '@', ' ', 'a')
    fc.assert(
      fc.property(fc.array(char), (parts) => {
        for (const { args } of parseGraph(parts.join(''))) {
          parseFilterOptions(args)
          parseDictionary(args)
          commandsOf(args)
        }
      }),
    )
  })
})

describe('parseFilterOptions', () => {
  it.each([
    [
      '1:2:flags=lanczos',
      [
        [null, '1'],
        [null, '2'],
        ['flags', 'lanczos'],
      ],
    ],
    [
      "text='a\\:b':x=1",
      [
        ['text', 'a\\:b'],
        ['x', '1'],
      ],
    ],
    ['text=a\\:b', [['text', 'a:b']]],
    ['/text=file', [['/text', 'file']]],
    [' key = value ', [['key', 'value']]],
  ])('%j', (args, expected) => {
    expect(parseFilterOptions(args).map(({ key, value }) => [key, value])).toEqual(expected)
  })
})

describe('parseDictionary', () => {
  it('unescapes keys too', () => {
    expect(parseDictionary("st\\ats='a:b':flag:c=d")).toEqual([
      { key: 'stats', value: 'a:b' },
      { key: 'flag', value: '' },
      { key: 'c', value: 'd' },
    ])
  })
})

describe('filterCommands', () => {
  it('reads intervals, flags, comments and several commands', () => {
    expect(commandsOf("# a comment\n0.5-1 [enter+leave] drawtext reinit text='a b', hue s 1; 2 eq gamma 3")).toEqual([
      { target: 'drawtext', command: 'reinit', argument: 'text=a b' },
      { target: 'hue', command: 's', argument: '1' },
      { target: 'eq', command: 'gamma', argument: '3' },
    ])
  })
})
