import { expect, test } from 'vitest'
import { jsonFault } from '../../../src/api/json-syntax.ts'

function faultOf(text: string): string {
  try {
    JSON.parse(text)
  } catch (error) {
    return jsonFault(text, error)
  }
  throw new Error(`${text} is JSON`)
}

const LONG = '"input_files": {"in_v": "https://example.com/films/a.mp4"}, '

test.each([
  ["{'a': 1}", 2, /double quotes/],
  [`{"a": 'x'}`, 7, /double quotes/],
  ['{“a”: 1}', 2, /straight double quotes/],
  ['{a: 1}', 2, /double quotes around names/],
  ['```json\n{"a": 1}\n```', 1, /remove the fence/],
  ['{"a": 1,}', 9, /remove the comma/],
  ['[1, 2,]', 7, /remove the comma/],
  [`{${LONG}"list": [1,]}`, LONG.length + 13, /remove the comma/],
  ['{"a": None}', 7, /null in place of None/],
  [`{${LONG}"x": True}`, LONG.length + 7, /true and false in small letters/],
  ['{"a": undefined}', 7, /write null, or leave the field out/],
  ['{"a": }', 7, /a value is missing/],
  ['{"a": {{url}}}', 8, /put double quotes around it/],
  ['{"a": <<in_v>>}', 7, /put double quotes around it/],
  ['{"a": [object Object]}', 8, /put double quotes around it/],
  ['{"a": "x\ny"}', 9, /a line break is written \\n/],
  ['{"a": "-vf "scale=1" x"}', 13, /a double quote inside of a text is written \\"/],
  ['{"a": "\\{\\{in_v\\}\\}"}', 9, /a backslash is written \\\\/],
  ['{"a": 1 "b": 2}', 9, /a comma is missing/],
  ['{"a": 1', 8, /ends too early/],
  ['{"a": "x', 9, /ends too early/],
  ['{}{}', 3, /one object, and nothing after it/],
  ['{"a": 1} // note', 10, /no comments/],
  ['={"a": 1}', 1, /remove the = in front/],
  ['a=1&b=2', 1, /this is a form/],
  ['<html></html>', 1, /a page or XML/],
  ['hello', 1, /./],
])('%j is told at which character it ends to be JSON, and what to write', (text, character, advice) => {
  const message = faultOf(text)
  expect(message).toContain(`the body is not JSON, at character ${character}: `)
  expect(message).toMatch(advice)
})

test('the message stays short, and takes no time that grows faster than the text', () => {
  for (const text of [
    `{"a": "${'x'.repeat(1e6)}`,
    `{"a": ${'['.repeat(1e5)}`,
    `${'a'.repeat(1e6)}`,
    `{"a": x${'x'.repeat(1e6)}}`,
    ' '.repeat(1e6),
  ]) {
    expect(faultOf(text).length).toBeLessThan(400)
  }
})
