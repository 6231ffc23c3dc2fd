/** The regular expressions of the sources, found by a parser of the language rather than by their looks. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parseSync } from 'vite'

export const ROOT = path.resolve(import.meta.dirname, '../..')

export interface FoundExpression {
  /** File and line. */
  place: string
  /** Null where the pattern is made while the program runs. */
  expression: RegExp | null
  /** As it is written. */
  text: string
}

/** Every regular expression below `folders`, in the order of files and lines. */
export function regularExpressions(folders: readonly string[]): FoundExpression[] {
  return folders
    .flatMap((folder) =>
      readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.(ts|tsx|js)$/.test(name) && !name.endsWith('.d.ts'))
        .map((name) => path.join(folder, name)),
    )
    .toSorted()
    .flatMap((file) => expressionsOf(file, readFileSync(path.join(ROOT, file), 'utf8')))
}

export function expressionsOf(file: string, text: string): FoundExpression[] {
  const { program, errors } = parseSync(file, text)
  if (errors.length > 0) throw new Error(`${file}: ${errors.map(({ message }) => message).join('; ')}`)
  const constants = new Map<string, SyntaxNode>()
  const found: SyntaxNode[] = []
  visit(program, (node) => {
    if (node.type === 'VariableDeclarator' && isNode(node.id) && typeof node.id.name === 'string' && isNode(node.init)) {
      constants.set(node.id.name, node.init)
    }
    if (isExpression(node)) found.push(node)
  })
  return found.map((node) => {
    const written = text.slice(Number(node.start), Number(node.end))
    const line = text.slice(0, Number(node.start)).split('\n').length
    return { place: `${file}:${line}`, expression: expressionOf(node, constants), text: written }
  })
}

type SyntaxNode = Record<string, unknown> & { type: string }
type Constants = ReadonlyMap<string, SyntaxNode>

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

function visit(value: unknown, action: (node: SyntaxNode) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, action)
  else if (isNode(value)) {
    action(value)
    for (const child of Object.values(value)) visit(child, action)
  }
}

function isExpression(node: SyntaxNode): boolean {
  if (node.type === 'Literal') return patternOf(node) !== null
  return (node.type === 'NewExpression' || node.type === 'CallExpression') && isNode(node.callee) && node.callee.name === 'RegExp'
}

function patternOf({ regex }: SyntaxNode): { pattern: string; flags: string } | null {
  if (typeof regex !== 'object' || regex === null || !('pattern' in regex) || !('flags' in regex)) return null
  return { pattern: String(regex.pattern), flags: String(regex.flags) }
}

function expressionOf(node: SyntaxNode, constants: Constants): RegExp | null {
  const literal = patternOf(node)
  if (literal !== null) return new RegExp(literal.pattern, literal.flags)
  if (node.type === 'Identifier') {
    const meant = constants.get(String(node.name))
    return meant !== undefined && isExpression(meant) ? expressionOf(meant, constants) : null
  }
  const [pattern, flags]: unknown[] = Array.isArray(node.arguments) ? node.arguments : []
  if (!isNode(pattern)) return null
  const source = textOf(pattern, constants) ?? expressionOf(pattern, constants)
  const given = flags === undefined ? '' : isNode(flags) ? textOf(flags, constants) : null
  return source === null || given === null ? null : new RegExp(source, given)
}

/** The text that an expression always has; null where that is not known. */
function textOf(node: SyntaxNode, constants: Constants): string | null {
  if (node.type === 'Literal') return typeof node.value === 'string' ? node.value : null
  if (node.type === 'Identifier') {
    const meant = constants.get(String(node.name))
    return meant === undefined ? null : textOf(meant, constants)
  }
  if (node.type !== 'TemplateLiteral' || !Array.isArray(node.quasis) || !Array.isArray(node.expressions)) return null
  const values = node.expressions.map((inner: unknown) => (isNode(inner) ? textOf(inner, constants) : null))
  let text = ''
  for (const [i, quasi] of node.quasis.entries()) {
    const value = i === 0 ? '' : values[i - 1]
    if (value === null || value === undefined) return null
    text += value + cooked(quasi)
  }
  return text
}

function cooked(quasi: unknown): string {
  if (!isNode(quasi)) return ''
  const { value } = quasi
  return typeof value === 'object' && value !== null && 'cooked' in value ? String(value.cooked) : ''
}
