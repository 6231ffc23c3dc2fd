import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type FormEvent, formBoundary, MalformedForm, MultipartForm } from '../../../src/files/multipart-form.ts'

const encoder = new TextEncoder()
/** Byte for byte, so that binary bodies can be compared as text. */
const decoder = new TextDecoder('latin1')

interface Part {
  name: string | null
  filename: string | null
  body: string
}

/** Pushes the body in pieces that end at `cuts`, and answers what it consists of. */
function parse(body: Uint8Array, boundary: string, cuts: readonly number[] = []): { parts: Part[]; ended: boolean } {
  const form = new MultipartForm(boundary)
  const parts: Part[] = []
  let ended = false
  const take = (event: FormEvent) => {
    if (event.type === 'part') parts.push({ name: event.name, filename: event.filename, body: '' })
    else if (event.type === 'end') ended = true
    else {
      const part = parts.at(-1)
      if (!part) throw new Error('data before the first part')
      part.body += decoder.decode(event.bytes)
    }
  }
  const ends = [...new Set(cuts.map((cut) => Math.min(cut, body.length)))].sort((a, b) => a - b)
  let start = 0
  for (const end of [...ends, body.length]) {
    // A copy that is overwritten afterwards, as a reader that reuses its buffer would.
    const piece = body.slice(start, end)
    for (const event of form.push(piece)) take(event)
    piece.fill(0)
    start = end
  }
  form.end()
  return { parts, ended }
}

const bytes = (text: string) => encoder.encode(text)
const file = (body: string, boundary = 'b') =>
  `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\nContent-Type: x/y\r\n\r\n${body}\r\n`

describe('MultipartForm', () => {
  it('reads parts, their names and their bytes', () => {
    const body = `${file('hello')}--b\r\ncontent-disposition: form-data; name=plain\r\n\r\nworld\r\n--b--`
    expect(parse(bytes(body), 'b')).toEqual({
      parts: [
        { name: 'file', filename: 'a.bin', body: 'hello' },
        { name: 'plain', filename: null, body: 'world' },
      ],
      ended: true,
    })
  })

  it.each([
    ['name="file"; filename="a;b=c.mp4"', 'a;b=c.mp4'],
    ['name="x; filename=y"; filename=z', 'z'],
    ['name=file;;x; FILENAME="a.mp4"', 'a.mp4'],
    ['name="file"; filename="C:\\dir\\"', 'C:\\dir\\'],
    [String.raw`name="file"; filename="a\"b%22.mp4"`, 'a"b".mp4'],
    [`name="file"; filename="a.mp4"; filename*=UTF-8''%c3%a4.mp4`, 'ä.mp4'],
    ['name="file"; filename="never closed', null],
  ])('reads the file name of %s', (parameters, filename) => {
    const body = `--b\r\nContent-Disposition: form-data; ${parameters}\r\n\r\nx\r\n--b--`
    expect(parse(bytes(body), 'b').parts).toMatchObject([{ filename }])
  })

  it('reads the same wherever the body is cut into pieces', () => {
    // Letters that make up boundaries and line breaks, so that what looks like one comes often.
    const content = fc.string({ unit: fc.constantFrom('\r', '\n', '-', 'b', 'B', 'x', '\0', 'ÿ'), maxLength: 60 })
    const form = fc.record({
      preamble: fc.constantFrom('', 'ignored\r\n', '\r\n'),
      bodies: fc.array(content, { maxLength: 4 }),
      epilogue: fc.constantFrom('', '\r\n', '\r\nignored --bB'),
      padding: fc.constantFrom('', ' ', '\t '),
    })
    fc.assert(
      fc.property(form, fc.array(fc.nat(600), { maxLength: 40 }), ({ preamble, bodies, epilogue, padding }, cuts) => {
        fc.pre(bodies.every((body) => !`\r\n${body}\r\n`.includes('\r\n--bB')))
        const parts = bodies.map((body, n) => `--bB${padding}\r\nContent-Disposition: form-data; name="${n}"\r\n\r\n${body}\r\n`)
        const text = `${preamble}${parts.join('')}--bB--${epilogue}`
        const raw = Uint8Array.from(text, (char) => char.charCodeAt(0))
        const expected = bodies.map((body, n) => ({ name: `${n}`, filename: null, body }))
        expect(parse(raw, 'bB', cuts)).toEqual({ parts: expected, ended: true })
      }),
      { numRuns: 2000 },
    )
  })

  it('reads a body byte by byte', () => {
    const raw = bytes(`${file('a\r\n--\r\n--bb'.replace('--bb', '--c'))}--b--\r\n`)
    const cuts = Array.from(raw, (_, n) => n)
    expect(parse(raw, 'b', cuts)).toEqual(parse(raw, 'b'))
  })

  it('says the same of any body, however it is cut', () => {
    const outcome = (raw: Uint8Array, cuts: number[]) => {
      try {
        return parse(raw, 'b', cuts)
      } catch (error) {
        if (!(error instanceof MalformedForm)) throw error
        return error.message
      }
    }
    const text = fc.array(fc.constantFrom('--b', '\r\n', '--', 'x', ' ', 'Content-Disposition: form-data; name="a"', '\r\n\r\n'), {
      maxLength: 20,
    })
    fc.assert(
      fc.property(text, fc.array(fc.nat(200), { maxLength: 30 }), (pieces, cuts) => {
        const raw = bytes(pieces.join(''))
        expect(outcome(raw, cuts)).toEqual(outcome(raw, []))
      }),
      { numRuns: 3000 },
    )
  })

  it('holds back no more than a delimiter of a large body', () => {
    const form = new MultipartForm('b')
    const data = (events: FormEvent[]) => events.reduce((sum, event) => sum + (event.type === 'data' ? event.bytes.length : 0), 0)
    form.push(bytes(file('').slice(0, -2)))
    let held = 0
    for (let n = 0; n < 100; n++) {
      held += 10_000 - data(form.push(new Uint8Array(10_000).fill(0x0d)))
      expect(held).toBeLessThan(10)
    }
  })

  it.each([
    ['', 'does not contain its boundary'],
    ['--c\r\n\r\n', 'does not contain its boundary'],
    [file('x'), 'breaks off'],
    [`${file('x')}--b`, 'breaks off'],
    [`${file('x')}--b-`, 'breaks off'],
    [`${file('x')}--bc\r\n`, 'not followed by a line break'],
    [`--b\r\n${'x'.repeat(20_000)}`, 'too long'],
    [`--b${' '.repeat(20_000)}`, 'not followed by a line break'],
  ])('refuses %.30j: %s', (body, message) => {
    expect(() => parse(bytes(body), 'b')).toThrow(MalformedForm)
    expect(() => parse(bytes(body), 'b')).toThrow(message)
  })

  it.each([
    ['form-data; name="a"; filename="b c.mp4"', 'a', 'b c.mp4'],
    ['form-data; filename=plain.mp4; name=a', 'a', 'plain.mp4'],
    ['form-data; name="a"; filename="say \\"hi\\".mp4"', 'a', 'say "hi".mp4'],
    ['form-data; name="a"; filename="say %22hi%22.mp4"', 'a', 'say "hi".mp4'],
    ['form-data; name="a"; filename="C:\\dir\\b.mp4"', 'a', 'C:\\dir\\b.mp4'],
    ['form-data; name="a"; filename="x"; filename*=UTF-8\'\'%e6%97%a5.mp4', 'a', '日.mp4'],
    ['form-data; name="a"; filename="日本.mp4"', 'a', '日本.mp4'],
    ['form-data; name="a"; filename=""', 'a', ''],
    ['form-data', null, null],
  ])('reads Content-Disposition: %s', (disposition, name, filename) => {
    const body = `--b\r\nX: y\r\nContent-Disposition: ${disposition}\r\n\r\n\r\n--b--`
    expect(parse(bytes(body), 'b').parts).toEqual([{ name, filename, body: '' }])
  })
})

describe('formBoundary', () => {
  it.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['Multipart/Form-Data; charset=utf-8; boundary="a b"', 'a b'],
    ['multipart/form-data;boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW', '----WebKitFormBoundary7MA4YWxkTrZu0gW'],
    ['multipart/form-data', null],
    ['multipart/form-data; boundary=', null],
    ['multipart/form-data; boundary="a "', null],
    [`multipart/form-data; boundary=${'a'.repeat(71)}`, null],
    ['multipart/mixed; boundary=abc', null],
    ['application/json', null],
    ['', null],
  ])('of %j is %j', (type, boundary) => {
    expect(formBoundary(type)).toBe(boundary)
  })
})
