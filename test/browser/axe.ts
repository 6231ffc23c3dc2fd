/** What axe, which knows the rules of accessibility, says of a page. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { z } from 'zod'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const axeSchema = z.object({
  violations: z.array(z.object({ id: z.string(), impact: z.string().nullable(), nodes: z.array(z.object({ html: z.string() })) })),
})

/** What it finds that is serious, or worse. */
export async function faultsOf(page: Page): Promise<string[]> {
  // Evaluated rather than added as a script, which the page's policy would refuse.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE)
  const { violations } = axeSchema.parse(await page.evaluate(`axe.run({ resultTypes: ['violations'] })`))
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`)
}
