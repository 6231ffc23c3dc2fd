/** Medians and their spread, and the table they are printed in. */

export interface Spread {
  min: number
  median: number
  p95: number
  max: number
}

/** Of at least one figure. */
export function spreadOf(figures: number[]): Spread {
  const sorted = [...figures].sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
  const middle = sorted.length / 2
  const median = sorted.length % 2 === 1 ? at(0.5) : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
  return { min: at(0), median, p95: at(0.95), max: at(1) }
}

export interface Row {
  scenario: string
  measure: string
  unit: 'ms' | 's' | 'MB' | '×' | '/s' | ''
  value: number
  /** Of what `value` is the median, where it is one. */
  spread: Spread | null
  /** What is wanted, such as `≤ 60`. */
  goal: string | null
}

/** Of an earlier run; null for what JSON cannot say. */
export interface EarlierRow {
  scenario: string
  measure: string
  value: number | null
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
    row.goal ?? '',
    ...(earlier ? [round(before(row) ?? Number.NaN)] : []),
  ])
  const lines = [['scenario', 'measure', 'median', 'p95', 'min … max', 'goal', ...(earlier ? ['before'] : [])], ...cells]
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? []
  return lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n')
}

function round(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
