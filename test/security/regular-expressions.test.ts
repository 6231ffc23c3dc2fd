import { describe, expect, it } from 'vitest'
import { expressionsOf, regularExpressions } from './regular-expressions.ts'
import { slowness } from './slow-expressions.ts'

/** Expressions that are made while the program runs, and why no caller can make them slow. */
const MADE: ReadonlyMap<string, string> = new Map([
  ['new RegExp(`\\\\s$' + '{name}\\\\s`)', 'the demo names encoders of its own, and its text is what FFmpeg lists'],
])

const FOUND = regularExpressions(['src', 'container'])

describe('every regular expression takes time in proportion to its text', () => {
  it('wherever it stands in the sources', () => {
    expect(FOUND.length).toBeGreaterThan(150)
    const slow = FOUND.flatMap(({ place, expression, text }) => {
      const why = expression === null ? null : slowness(expression)
      return why === null ? [] : [`${place}: ${text} is slow with ${why}`]
    })
    expect(slow).toEqual([])
  })

  it('as those do that are made while the program runs, for a reason that is given', () => {
    const made = FOUND.filter(({ expression }) => expression === null).map(({ text }) => text)
    expect(made.filter((text) => !MADE.has(text))).toEqual([])
    expect([...MADE.keys()].filter((text) => !made.includes(text))).toEqual([])
  })
})

describe('the check is a real one', () => {
  it.each([
    ['a run that is tried from each of its places', /\/+$/],
    ['two neighbours that match the same', /^(-?\d*\.?\d+)(us|ms|s)?$/],
    ['nested repetitions', /^(a+)+$/],
    ['alternatives that match the same, of several characters', /^(?:ab|ab)*$/],
    ['a run that is tried from each of its words', /\b([a-z][a-z0-9+.-]*:\/\/)[^\s/?#"<>]*@/gi],
    ['text between repeated marks', /^(video|\[out#\d[^\]]*\] video):.*muxing.*overhead/],
    ['a pattern before a slash', /[{}[\]*?].*\//],
    ['a repeated word', /dist\/.*$/],
  ])('%s is found', (_, expression) => {
    expect(slowness(expression)).not.toBeNull()
  })

  it('expressions are found wherever the language allows them, and nothing that only looks like one', () => {
    const text = [
      'const WORD = "[a-z]+"',
      'const both = [/a\\/[/]/g, new RegExp(`^$' + '{WORD}$`, "i"), new RegExp(WORD + unknown), RegExp(both)]',
      '// /comment/',
      'const quotient = 4 / 2 / 1',
      'const text = "/text/"',
      'const tag = <a href="/x/">/y/</a>',
    ].join('\n')
    expect(expressionsOf('x.tsx', text)).toEqual([
      { place: 'x.tsx:2', expression: /a\/[/]/g, text: '/a\\/[/]/g' },
      { place: 'x.tsx:2', expression: /^[a-z]+$/i, text: 'new RegExp(`^$' + '{WORD}$`, "i")' },
      { place: 'x.tsx:2', expression: null, text: 'new RegExp(WORD + unknown)' },
      { place: 'x.tsx:2', expression: null, text: 'RegExp(both)' },
    ])
  })
})
