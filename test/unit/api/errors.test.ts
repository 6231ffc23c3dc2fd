import { describe, expect, it } from 'vitest'
import { ApiError, errorResponse, toldOf, ValidationError, within } from '../../../src/api/errors.ts'
import type { Fault } from '../../../src/ffmpeg/command.ts'

const fault = (loc: Fault['loc'], msg: string): Fault => ({ loc, msg, type: 'value_error' })

async function sizeOf(error: ApiError | ValidationError): Promise<number> {
  return (await errorResponse(error).arrayBuffer()).byteLength
}

describe('an answer that refuses a request has less than 64 KB', () => {
  // Of the last two, JSON makes six bytes of a character, and UTF-8 three.
  for (const character of ['a', '"', '\u0001', '日', '\ud83d']) {
    const long = character.repeat(1_000_000)
    const many = (loc: Fault['loc'], msg: string) => Array.from({ length: 20_000 }, () => fault(loc, msg))
    it(`however long its parts are, in ${JSON.stringify(character)}`, async () => {
      expect(await sizeOf(new ApiError('NOT_FOUND', long))).toBeLessThan(64_000)
      expect(await sizeOf(new ValidationError([fault([long], long)]))).toBeLessThan(64_000)
      expect(await sizeOf(new ValidationError(many(['input_files', long], long)))).toBeLessThan(64_000)
      expect(await sizeOf(new ValidationError(many(['input_files', character], character)))).toBeLessThan(64_000)
    })
  }

  it('and says how many faults it does not list', async () => {
    const error = new ValidationError(
      Array.from({ length: 130 }, (_, i) => fault(['x', i], 'is wrong')),
      70,
    )
    expect(error.detail).toHaveLength(101)
    expect(error.detail.at(-1)).toEqual(fault(['body'], 'faults that are not listed here: 100'))
    expect(error.message).toMatch(/^x\.0: is wrong; .*; body: faults that are not listed here: 100$/)
  })

  it('and what it tells can be told again without losing count', () => {
    const error = new ValidationError(
      Array.from({ length: 130 }, (_, i) => fault(['x', i], 'is wrong')),
      70,
    )
    const { faults, omitted } = toldOf(error.detail)
    expect(new ValidationError(faults, omitted).detail).toEqual(error.detail)
    expect(toldOf([fault(['body'], 'is wrong')])).toEqual({ faults: [fault(['body'], 'is wrong')], omitted: 0 })
  })

  it('and lists each fault as it is where there are few', () => {
    const faults = [fault(['input_files', 'in_a'], 'is wrong'), fault(['body'], 'is wrong')]
    expect(new ValidationError(faults).detail).toEqual(faults)
  })

  it('and gives a place to each, also to what is wrong with the body as a whole', () => {
    expect(new ValidationError([fault([], 'is wrong')]).detail).toEqual([fault(['body'], 'is wrong')])
    expect(within(['commands', 1], ['body'])).toEqual(['commands', 1])
    expect(within(['commands', 1], ['input_files', 'in_a'])).toEqual(['commands', 1, 'input_files', 'in_a'])
  })
})
