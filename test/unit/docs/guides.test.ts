import { expect, test } from 'vitest'
import { shellBlocks } from '../../support/guide-code.ts'

test('nothing that is to be typed has a placeholder in angle brackets, which a shell takes for a redirection', async () => {
  const blocks = await shellBlocks()
  expect(blocks.length).toBeGreaterThan(15)
  expect(
    blocks.filter(({ code }) => /<[A-Za-z_ ]+>/.test(code.replace(/'[^']*'/g, ''))).map(({ guide, first }) => `${guide}: ${first}`),
  ).toEqual([])
})
