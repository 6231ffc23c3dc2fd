/** The static pages, made once before any test starts a Worker that serves them. */
import { buildSite } from '../../src/cli/site.ts'

export default buildSite
