import fc from 'fast-check'
import { join } from 'shlex'
import { describe, expect, it } from 'vitest'
import { tokenise } from '../../../src/ffmpeg/tokenise.ts'

function tokens(command: string): string[] {
  const split = tokenise(command)
  if (!split.ok) throw new Error(split.reason)
  return split.tokens
}

describe('tokenise', () => {
  it.each([
    ['ffmpeg -i a.mp4  out.mp4', ['ffmpeg', '-i', 'a.mp4', 'out.mp4']],
    ['-vf "scale=1:2,\n  fps=3"', ['-vf', 'scale=1:2,\n  fps=3']],
    [`'a b'"c d"e\\ f`, ['a bc de f']],
    [`"say \\"hi\\" and \\\\ and \\n"`, ['say "hi" and \\ and \\n']],
    [String.raw`'eq(n\,0)'`, [String.raw`eq(n\,0)`]],
    [String.raw`'a\\b'"c"`, [String.raw`a\\bc`]],
    ['a $HOME; b|c > d * ? # & `e`', ['a', '$HOME;', 'b|c', '>', 'd', '*', '?', '#', '&', '`e`']],
    [`$'a\\nb'`, ['$a\\nb']],
    ['a \\\n  b \\\r\n c', ['a', 'b', 'c']],
    [`a '' ""`, ['a', '', '']],
    ['\t\r\n ', []],
    ['-i {{ in_a }}x', ['-i', '{{in_a}}x']],
    ['"\\{\\{in_a\\}\\}" <<in_b>>', ['{{in_a}}', '{{in_b}}']],
    ['C:\\a\\b.mp4 .\\c ..\\d "C:\\e"', ['C:\\a\\b.mp4', '.\\c', '..\\d', 'C:\\e']],
    ['C:\\\\a\\ b x.\\a .\\{\\{in_a\\}\\}', ['C:\\a b', 'x.a', '.{{in_a}}']],
    ['a ^\r\n b ` \n c^d `e', ['a', 'b', 'c^d', '`e']],
    ['-i {{in_a}} \\ -t 1 \\  {{in_b}}', ['-i', '{{in_a}}', '-t', '1', '{{in_b}}']],
    ['a\\ -b \\ c "\\ -d"', ['a -b', ' c', '\\ -d']],
    ['"a ^\n b" \'c \\ \n d\'', ['a ^\n b', 'c \\ \n d']],
    ['\ufeffa\u00a0\u200bb\u200b c\u200bd "\u00a0e\u200b"', ['a', 'b', 'c\u200bd', '\u00a0e\u200b']],
    ['{{ not an alias }}', ['{{', 'not', 'an', 'alias', '}}']],
  ])('%j', (command, expected) => {
    expect(tokens(command)).toEqual(expected)
  })

  it.each([
    [`-vf "scale`, 4, 'a double quote that is never closed'],
    [`-vf 'it'"'"'s' 'x`, 15, 'a single quote that is never closed'],
    ['a \\', 2, 'a backslash with nothing after it'],
    ['a \\  ', 2, 'a backslash with nothing after it'],
    ['"a \\', 0, 'a double quote that is never closed'],
    ['a\0b', 1, 'a NUL character, which no argument can hold'],
  ])('says where %j is unfinished', (command, position, reason) => {
    expect(tokenise(command)).toEqual({ ok: false, position, reason })
  })

  it('gives back any argv that a shell would quote', () => {
    const plain = fc.string({ unit: 'grapheme' }).filter((text) => !/\{\{|\\\{|<</.test(text))
    fc.assert(
      fc.property(fc.array(plain), (argv) => {
        expect(tokens(join(argv))).toEqual(argv)
      }),
    )
  })

  it('keeps how each token was written', () => {
    expect(tokenise(`ffmpeg "a b" x\\"'c'  {{ in_a }}`)).toMatchObject({ raws: ['ffmpeg', '"a b"', `x\\"'c'`, '{{ in_a }}'] })
  })

  it('never throws', () => {
    const char = fc.constantFrom('"', "'", '\\', '{', '}', '<', '>', ' ', '\n', 'in_a', 'x')
    fc.assert(
      fc.property(fc.array(char), (parts) => {
        expect(() => tokenise(parts.join(''))).not.toThrow()
      }),
    )
  })
})
