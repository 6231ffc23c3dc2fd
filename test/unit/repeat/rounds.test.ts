import { describe, expect, test } from 'vitest'
import { conditionsOf, describeFailures, type Round } from '../../repeat/rounds.ts'

describe('the rounds of a repetition', () => {
  test('of ten, five have every core busy and three run in a random order', () => {
    const rounds = Array.from({ length: 10 }, (_, index) => conditionsOf(index + 1, 7))
    expect(rounds.filter(({ busy }) => busy)).toHaveLength(5)
    expect(rounds.filter(({ seed }) => seed === 7)).toHaveLength(3)
  })

  test('each test that failed is named once, with every round and its seed', () => {
    const passed = { seconds: 1, failed: [], trouble: null }
    const rounds: Round[] = [
      { ...conditionsOf(1, 5), ...passed },
      { ...conditionsOf(2, 6), ...passed, failed: ['a.test.ts: x'] },
      { ...conditionsOf(3, 7), ...passed, failed: ['a.test.ts: x'] },
      { ...conditionsOf(4, 8), ...passed, trouble: 'vitest ended with exit code 1' },
    ]
    expect(describeFailures(rounds).split('\n')).toEqual([
      'a.test.ts: x',
      '    round 2, every core busy, in random order, seed 6',
      '    round 3, quiet, in order',
      'vitest ended with exit code 1',
      '    round 4, every core busy, in order',
    ])
  })

  test('nothing is said where every round passed', () => {
    expect(describeFailures([{ ...conditionsOf(1, 5), seconds: 1, failed: [], trouble: null }])).toBe('')
  })
})
