/**
 * What wrangler runs before it bundles the Worker of a section of `wrangler.toml`: `node wrangler-build.ts development|production`.
 * By the first, which is for this machine, nothing is deployed.
 */
import { DEVELOPMENT_ACCOUNT, DEVELOPMENT_API_KEY } from '../development.ts'
import { OperatorError, runProgram } from './operator-error.ts'

await runProgram(async () => {
  const [section] = process.argv.slice(2)
  const { SITE_IS_BUILT, WRANGLER_COMMAND: command } = process.env
  // Types need no pages, and the project's own commands have made them.
  if (SITE_IS_BUILT !== undefined || command === 'types') return
  if (section === 'development' && command !== 'dev') {
    throw new OperatorError('The sections above [env.production] are for this machine only: deploy by `npm run deploy`')
  }
  // Loaded only where it is needed: an own command calls this for every change of a source.
  const { buildSite } = await import('./site.ts')
  await buildSite()
  if (section === 'development') {
    console.log(`API key, on this machine only: ${DEVELOPMENT_API_KEY} (account ${DEVELOPMENT_ACCOUNT})`)
    console.log('FFmpeg runs in containers; with --enable-containers=false start `npm run executor` beside this, which runs it')
  }
})
