/**
 * Whether a regular expression takes time that grows faster than a text. One part is a proof for texts that repeat a single character (the
 * package scslre); the other looks for texts that repeat a few, which it makes of the expression's own parts, and runs them.
 */
import { type AnalysisResult, analyse } from 'scslre'
import { bestTime, growth } from './growth.ts'

/** What slows an expression down, in words; null where nothing is found that does. */
export function slowness(expression: RegExp): string | null {
  const { source, flags } = expression
  const { reports, parsed } = analyse({ source, flags }, { reportTypes: { Move: true, Self: true, Trade: true } })
  const [report] = reports
  if (report !== undefined) return `repeats of ${JSON.stringify(report.character.pick)}`
  const attack = slowAttack(expression, parsed.pattern)
  return attack === null
    ? null
    : `${JSON.stringify(attack.prefix)}, repeats of ${JSON.stringify(attack.pump)}, ${JSON.stringify(attack.suffix)}`
}

type Pattern = AnalysisResult['parsed']['pattern']
type Alternative = Pattern['alternatives'][number]
type Part = Alternative['elements'][number]

interface Attack {
  prefix: string
  pump: string
  suffix: string
}

/** Characters that a text may have to be one that is nearly, but not quite, what an expression looks for. */
const COMMON = 'a0 ./:"'
const MAX_CHARACTERS = 10
/** What makes a match fail at the end of a text, or lets it succeed. */
const SUFFIXES = ['', '\n\u0000']

function slowAttack(expression: RegExp, pattern: Pattern): Attack | null {
  // Only what repeats without a bound can take long.
  if (!/[*+]|,\}/.test(expression.source)) return null
  const literals = [...expression.source].filter((character) => !/[\\()[\]{}?*+|^$]/.test(character))
  const characters = [...new Set([...literals, ...COMMON])].filter((character, i) => i < MAX_CHARACTERS || COMMON.includes(character))
  const pumps = new Set([...characters.flatMap((a) => characters.filter((b) => b !== a).map((b) => a + b)), ...words(pattern, characters)])
  const prefixes = new Set(
    pattern.alternatives.flatMap(({ elements }) => elements.map((_, i) => sampleOf(elements.slice(0, i), characters, 0))),
  )
  for (const prefix of prefixes) {
    for (const pump of pumps) {
      for (const suffix of SUFFIXES) {
        const attack = { prefix, pump, suffix }
        if (isSlow(expression, attack)) return attack
      }
    }
  }
  return null
}

/** What neighbouring parts of the expression match, at whatever depth. */
function words(pattern: Pattern, characters: readonly string[]): string[] {
  const found: string[] = []
  const enter = ({ elements }: Alternative) => {
    for (let start = 0; start < elements.length; start += 1) {
      for (let end = start + 1; end <= Math.min(elements.length, start + 12); end += 1) {
        found.push(sampleOf(elements.slice(start, end), characters, 0), sampleOf(elements.slice(start, end), characters, 1))
      }
    }
    for (const element of elements) inner(element).forEach(enter)
  }
  pattern.alternatives.forEach(enter)
  return found.filter((word) => word !== '' && word.length <= 40)
}

function inner(part: Part): readonly Alternative[] {
  if (part.type === 'Quantifier') return inner(part.element)
  return part.type === 'Group' || part.type === 'CapturingGroup' ? part.alternatives : []
}

/** A text that the parts match, mostly. @param variant which of several characters that a part matches */
function sampleOf(parts: readonly Part[], characters: readonly string[], variant: number): string {
  return parts
    .map((part): string => {
      switch (part.type) {
        case 'Character':
          return String.fromCodePoint(part.value)
        case 'CharacterSet':
        case 'CharacterClass':
        case 'ExpressionCharacterClass': {
          const matched = characters.filter((character) => new RegExp(part.raw, 'u').test(character))
          return matched[variant % matched.length] ?? ''
        }
        case 'Quantifier':
          return sampleOf([part.element], characters, variant).repeat(Math.max(1, Math.min(part.min, 40)))
        case 'Group':
        case 'CapturingGroup':
          return sampleOf(part.alternatives[0]?.elements ?? [], characters, variant)
        default:
          return ''
      }
    })
    .join('')
}

/** A quadratic match of `FIRST` characters takes longer than this on any machine, and a linear one a tenth of it. */
const SUSPICIOUS_MS = 0.2
const FIRST = 2_000
/** A quadratic match of `LONG` characters takes several times as long, and a linear one a tenth. */
const SLOW_MS = 20
const SHORT = 8_000
const LONG = 4 * SHORT

/** Lengths by which an exponential match is caught before it has no end. */
const FIRST_LENGTHS = Array.from({ length: 16 }, (_, i) => Math.round(28 * 1.25 ** i))

/** A busy machine may make any run look long, but not the best of several, time and again. */
const CONFIRMATIONS = 4

/** Whether four times the text take far more than four times as long. */
function isSlow(expression: RegExp, attack: Attack): boolean {
  // Only what repeats a group can be exponential.
  if (/\)[*+{]/.test(expression.source) && FIRST_LENGTHS.some((length) => isLong(expression, attack, length))) return true
  if (timeOf(expression, attack, FIRST) < SUSPICIOUS_MS || !isLong(expression, attack, LONG)) return false
  return Array.from({ length: CONFIRMATIONS }).every(
    () =>
      growth(
        (text) => match(expression, text),
        (length) => textOf(attack, length),
        SHORT,
      ) > 8,
  )
}

function isLong(expression: RegExp, attack: Attack, length: number): boolean {
  for (let i = 0; i < CONFIRMATIONS; i += 1) if (timeOf(expression, attack, length) < SLOW_MS) return false
  return true
}

function timeOf(expression: RegExp, attack: Attack, length: number): number {
  const text = textOf(attack, length)
  return bestTime(() => match(expression, text), 1)
}

function textOf({ prefix, pump, suffix }: Attack, length: number): string {
  return prefix + pump.repeat(Math.ceil(length / pump.length)) + suffix
}

/** All matches where the expression is global. */
function match(expression: RegExp, text: string): void {
  expression.lastIndex = 0
  if (expression.global) text.replace(expression, '')
  else expression.test(text)
}
