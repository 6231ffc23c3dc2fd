/** What a scenario has measured, and the table in which it is printed beside its goals. */
import { type Spread, spreadOf } from './statistics.ts'

export interface Goal {
  op: '≤' | '≥' | '<' | '='
  bound: number
}

type Unit = 'ms' | 's' | 'MB' | '×' | '/s' | ''

export interface Row {
  scenario: string
  measure: string
  unit: Unit
  /** NaN where the system does not tell. */
  value: number
  /** Of what `value` is the median, where it is one. */
  spread: Spread | null
  /** What is wanted; null where the figure only explains others. */
  goal: Goal | null
}

/** Of an earlier run; null for what JSON cannot say. */
export interface EarlierRow {
  scenario: string
  measure: string
  value: number | null
}

/** One figure. */
export function figure(scenario: string, measure: string, unit: Unit, value: number, goal: Goal | null = null): Row {
  return { scenario, measure, unit, value, spread: null, goal }
}

/** The median of several figures, at least one. */
export function medianOf(scenario: string, measure: string, unit: Unit, figures: number[], goal: Goal | null = null): Row {
  const spread = spreadOf(figures)
  return { scenario, measure, unit, value: spread.median, spread, goal }
}

/** Null where there is no goal, or nothing to hold against it. */
export function isMet({ value, goal }: Pick<Row, 'value' | 'goal'>): boolean | null {
  if (goal === null || Number.isNaN(value)) return null
  switch (goal.op) {
    case '≤':
      return value <= goal.bound
    case '≥':
      return value >= goal.bound
    case '<':
      return value < goal.bound
    case '=':
      return value === goal.bound
    default:
      return goal.op satisfies never
  }
}

/** Such as `≤ 25`. */
export function textOf({ op, bound }: Goal): string {
  return `${op} ${bound}`
}

/** Lines of a table with aligned columns. */
export function tableOf(rows: Row[], earlier: readonly EarlierRow[] | null): string {
  const before = (row: Row) => earlier?.find(({ scenario, measure }) => scenario === row.scenario && measure === row.measure)?.value
  const cells = rows.map((row) => [
    row.scenario,
    row.measure,
    `${round(row.value)} ${row.unit}`,
    row.spread ? round(row.spread.p95) : '',
    row.spread ? `${round(row.spread.min)} … ${round(row.spread.max)}` : '',
    row.goal ? textOf(row.goal) : '',
    signOf(row),
    ...(earlier ? [round(before(row) ?? Number.NaN)] : []),
  ])
  const lines = [['scenario', 'measure', 'value', 'p95', 'min … max', 'goal', 'met', ...(earlier ? ['before'] : [])], ...cells]
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? []
  return lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n')
}

function signOf(row: Row): string {
  if (row.goal === null) return ''
  const met = isMet(row)
  return met === null ? '?' : met ? '✓' : '✗'
}

function round(value: number): string {
  if (Number.isInteger(value)) return String(value)
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toFixed(digits)
}
