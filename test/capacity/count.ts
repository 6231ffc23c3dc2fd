/** `npm run capacity`: counts what one command takes of Cloudflare, by a run of it. `-- --help` tells the rest. */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { PROJECT_ROOT } from '../../src/cli/settings.ts'
import { countCommand } from './counted-command.ts'
import { comparable, figuresOf, grown, type Reading, type Recorded, recordedSchema, requestsInOrder, rowsByCause } from './figures.ts'
import { withFigures } from './prices.ts'

const FIGURES = path.join(import.meta.dirname, 'figures.json')
const GUIDE = path.join(PROJECT_ROOT, 'src/docs/guides/capacity.md')
const SECONDS = 20
const SHORT_SECONDS = 1

const HELP = `npm run capacity [-- --write]

Runs the counted command (20 MB in, 20 seconds of FFmpeg, 10 MB out, five polls, one webhook, one download) through the Worker in the simulator,
and prints what it asks of Durable Objects, R2, KV and queues, request by request and row by row, beside what is kept in
test/capacity/figures.json. With --write it keeps the new figures there, and in the guide to capacity.
`

const { values } = parseArgs({ options: { write: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } } })
if (values.help) {
  console.log(HELP)
} else {
  await count(values.write)
}

async function count(write: boolean): Promise<void> {
  const { command, expiry, deletion } = await countCommand(SECONDS)
  const short = await countCommand(SHORT_SECONDS)
  const counted: Recorded = {
    seconds: SECONDS,
    command: figuresOf(command),
    expiry: figuresOf(expiry),
    deletion: figuresOf(deletion),
    short: figuresOf(short.command),
  }
  show('The counted command', command)
  show('The expiry of its files', expiry)
  show('Its deletion', deletion)
  const kept = recordedSchema.parse(JSON.parse(await readFile(FIGURES, 'utf8')))
  console.table(
    Object.entries(comparable(counted.command)).map(([what, now]) => ({
      what,
      kept: comparable(kept.command)[what],
      now,
      'in one second': comparable(counted.short)[what],
    })),
  )
  console.log('Seconds active:', counted.command.seconds)
  const more = grown(kept.command, counted.command)
  if (more.length > 0) console.log(['Grown by more than a tenth:', ...more].join('\n  '))
  if (!write) return
  await writeFile(FIGURES, `${JSON.stringify(counted, null, 2)}\n`)
  await writeFile(GUIDE, withFigures(await readFile(GUIDE, 'utf8'), counted))
}

function show(title: string, reading: Reading): void {
  console.log(`\n${title}\n`)
  console.log(requestsInOrder(reading).join('\n'))
  console.log('\nRows written\n')
  console.log(rowsByCause(reading).join('\n'))
}
