/** What the counted command costs: its figures times Cloudflare's prices, as the table of the guide to capacity. Pure. */
import { type Figures, type Recorded, totalOf } from './figures.ts'

/** A million a day, for thirty days. */
const COMMANDS_A_MONTH = 30e6
/** As `wrangler.toml` sets it. */
export const INSTANCE = { vcpu: 1, memoryGib: 3, diskGb: 12 }
/** Of the counted command, in gigabytes. */
const OUTPUT_GB = 0.01
/** An object is paid for as if it used so much, in gigabytes. */
const OBJECT_GB = 0.128
/** Of a command's object: an empty one takes 12 kB, and then there are its record and its log. */
const STORED_KB = 16
const KEPT_DAYS = { files: 30, command: 90 }
/** Neither is counted: the local runtime does not tell. */
const ESTIMATED_CPU_MS = 30

interface Line {
  what: string
  perCommand: string
  amount: number
  /** US dollars for one of it. */
  price: number
  /** As it is published. */
  published: string
}

/** Prices as Cloudflare published them in November 2026, beyond what Workers Paid includes. */
function linesOf({ seconds, command, expiry, deletion }: Recorded): Line[] {
  const afterwards = [expiry, deletion]
  const containerSeconds = command.seconds.Executor
  const all = (figure: (figures: Figures) => number) => [command, ...afterwards].reduce((sum, figures) => sum + figure(figures), 0)
  const later = (figure: (figures: Figures) => number) => afterwards.reduce((sum, figures) => sum + figure(figures), 0)
  const requests = (figures: Figures) => totalOf(figures.requests)
  const rows = (figures: Figures) => totalOf(figures.rowsWritten)
  const duration = totalOf(command.seconds) * OBJECT_GB
  const stored = (STORED_KB / 1e6) * (KEPT_DAYS.command / 30)
  const memory = INSTANCE.memoryGib * containerSeconds
  const disk = INSTANCE.diskGb * containerSeconds
  return [
    { what: 'Container, CPU', perCommand: `${seconds} vCPU-s`, amount: seconds, price: 20e-6, published: '$20 per million vCPU-s in use' },
    {
      what: 'Container, memory',
      perCommand: `${digits(memory)} GiB-s`,
      amount: memory,
      price: 2.5e-6,
      published: '$2.50 per million GiB-s',
    },
    { what: 'Container, disk', perCommand: `${digits(disk)} GB-s`, amount: disk, price: 0.07e-6, published: '$0.07 per million GB-s' },
    {
      what: 'R2, storage',
      perCommand: `10 MB for ${KEPT_DAYS.files} days`,
      amount: (OUTPUT_GB * KEPT_DAYS.files) / 30,
      price: 0.015,
      published: '$0.015 per GB-month',
    },
    { what: 'R2, class A', perCommand: `${command.r2ClassA}`, amount: command.r2ClassA, price: 4.5e-6, published: '$4.50 per million' },
    { what: 'R2, class B', perCommand: `${command.r2ClassB}`, amount: command.r2ClassB, price: 0.36e-6, published: '$0.36 per million' },
    {
      what: 'Durable Objects, duration',
      perCommand: `${digits(command.seconds.Command)} s of a Command, ${digits(command.seconds.Executor)} s of an Executor: ${digits(duration)} GB-s`,
      amount: duration,
      price: 12.5e-6,
      published: '$12.50 per million GB-s',
    },
    {
      what: 'Durable Objects, rows written',
      perCommand: `${rows(command)}, and ${later(rows)} when its files expire and when it is deleted`,
      amount: all(rows),
      price: 1e-6,
      published: '$1 per million',
    },
    {
      what: 'Durable Objects, requests',
      perCommand: `${requests(command)}, and ${later(requests)}`,
      amount: all(requests),
      price: 0.15e-6,
      published: '$0.15 per million',
    },
    {
      what: 'Durable Objects, storage',
      perCommand: `about ${STORED_KB} kB for ${KEPT_DAYS.command} days`,
      amount: stored,
      price: 0.2,
      published: '$0.20 per GB-month',
    },
    {
      what: 'Logs',
      perCommand: `${command.logEvents} events`,
      amount: all(({ logEvents }) => logEvents),
      price: 0.6e-6,
      published: '$0.60 per million',
    },
    {
      what: 'Workers, requests',
      perCommand: `${command.workerRequests}`,
      amount: command.workerRequests,
      price: 0.3e-6,
      published: '$0.30 per million',
    },
    {
      what: 'KV, reads',
      perCommand: 'one for each request at most; an isolate asks for a key once in 25 s',
      amount: command.workerRequests,
      price: 0.5e-6,
      published: '$0.50 per million',
    },
    {
      what: 'Workers, CPU',
      perCommand: `about ${ESTIMATED_CPU_MS} ms`,
      amount: ESTIMATED_CPU_MS,
      price: 0.02e-6,
      published: '$0.02 per million ms',
    },
    {
      what: 'Queues',
      perCommand: `${command.queueMessages}; 3 operations for each attempt that is repeated`,
      amount: command.queueMessages * 3,
      price: 0.4e-6,
      published: '$0.40 per million',
    },
  ]
}

/** In Markdown. */
function tableOf(recorded: Recorded): string {
  const lines = linesOf(recorded)
  const total = lines.reduce((sum, { amount, price }) => sum + amount * price, 0)
  const rows = lines.map(
    ({ what, perCommand, amount, price, published }) =>
      `| ${what} | ${perCommand} | ${published} | ${dollars(amount * price * COMMANDS_A_MONTH)} |`,
  )
  const together = `| **Together** | **$${total.toFixed(4)}** | | **${dollars(total * COMMANDS_A_MONTH)}** |`
  return ['| | per command | price | 30 million a month |', '|---|---|---|---|', ...rows, together].join('\n')
}

/** What the guide says of the figures outside of its table. */
function sentencesOf({ command }: Recorded): string[] {
  const [requests, rows] = [totalOf(command.requests), totalOf(command.rowsWritten)]
  return [
    `${requests} requests to objects and writes ${rows} rows, with at most ${command.subrequests} subrequests in one invocation`,
    `a command asks its account ${command.requests.Account} times`,
  ]
}

/** The guide with these figures in place of those that are there. Throws where it has no place for them. */
export function withFigures(guide: string, recorded: Recorded): string {
  const inTable = replaced(guide, /\| \| per command \|(?:.*\|\n)+/, `${tableOf(recorded)}\n`)
  return sentencesOf(recorded).reduce(
    (text, sentence) => replaced(text, new RegExp(sentence.replaceAll(/\d+/g, '\\d+')), sentence),
    inTable,
  )
}

function replaced(guide: string, place: RegExp, text: string): string {
  if (!place.test(guide)) throw new Error(`the guide has no place for: ${text}`)
  return guide.replace(place, () => text)
}

function digits(number: number): string {
  return number >= 10 ? String(Math.round(number)) : number.toFixed(1)
}

/** To two digits, since prices and estimates are no better. */
function dollars(amount: number): string {
  if (amount === 0) return '$0'
  return `$${Number(amount.toPrecision(2)).toLocaleString('en-US')}`
}
