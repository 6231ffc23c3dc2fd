import { expect, test } from 'vitest'
import { withoutNull } from '../../../src/mcp/without-null.ts'

test('a field that may be null is one of its other type', () => {
  const schema = {
    properties: {
      a: { type: ['string', 'null'], maxLength: 7 },
      b: { anyOf: [{ type: 'object', properties: { c: { type: ['number', 'null'] } } }, { type: 'null' }], description: 'B.' },
      d: { oneOf: [{ type: 'string' }, { type: 'array', items: { type: ['string', 'null'] } }, { type: 'null' }] },
      e: { enum: ['x', null], type: ['string', 'null'] },
    },
    example: { a: null, type: ['string', 'null'] },
  }
  expect(withoutNull(schema)).toEqual({
    properties: {
      a: { type: 'string', maxLength: 7 },
      b: { type: 'object', properties: { c: { type: 'number' } }, description: 'B.' },
      d: { oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] },
      e: { enum: ['x'], type: 'string' },
    },
    example: { a: null, type: ['string', 'null'] },
  })
})
