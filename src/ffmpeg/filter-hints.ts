/** What to do about errors of filter graphs: hints that need nothing but FFmpeg's line. The first that fits is shown. */

export interface FilterClue {
  /** What one of FFmpeg's lines says. */
  says: RegExp
  /** One sentence without a full stop; null where the line has another reason after all. */
  hint: (match: RegExpExecArray) => string | null
}

export const FILTER_CLUES: readonly FilterClue[] = [
  {
    says: /No such filter: ''/,
    hint: () =>
      'A filter is missing in the graph: remove the comma or semicolon that stands at its end or twice in a row, and put the whole graph in quotes',
  },
  {
    says: /No such filter: '([^']{1,100})/,
    hint: ([, name = '']) =>
      /^\w+$/.test(name)
        ? `No filter is called ${name} here: check its spelling, or do without it, since not every FFmpeg is built with all filters`
        : 'A comma or semicolon ended a filter where it was meant as text: put the value in single quotes inside of the graph, or write a backslash before the comma',
  },
  {
    says: /(?:Missing '\)' or too many args in|Invalid size) '([^'(\n]{0,100}\([^'\n]{0,100})'/,
    hint: ([, value = '']) => (isOpen(value) ? cutAtComma(value) : null),
  },
  {
    says: /Option '([^']{1,60})' not found|No option name near '([^']{1,60})/,
    hint: ([, name, near]) =>
      near === undefined
        ? `The filter or codec has no option ${name}: check its spelling, and write \\: for a colon that belongs to a value`
        : `A colon ended a value where it was meant as text, near "${near}": put the value in single quotes inside of the graph, or write \\\\: for the colon`,
  },
  {
    says: /Could not create a libass track when reading file/,
    hint: () => 'The filter ass reads ASS files only: write subtitles in its place, which reads SRT and WebVTT as well',
  },
  {
    // A stream is told by its numbers and its kind (`0:v`, `:a`), a label by its name.
    says: /Stream specifier '([A-Za-z_]\w{0,59})' in filtergraph/,
    hint: ([, label = '']) =>
      `No filter writes [${label}], or another one has read it already: a label is read once, and split or asplit makes more of it`,
  },
]

function isOpen(value: string): boolean {
  return value.split('(').length > value.split(')').length
}

function cutAtComma(value: string): string {
  return `The value "${value}" ends before its parenthesis does: where a comma follows, put the value in single quotes inside of the graph, or write \\\\, for the comma; else close the parenthesis`
}
