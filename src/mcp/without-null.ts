/**
 * JSON Schema as agents take it. Some clients know neither a list of types nor `null` as a type (it is a newer form than theirs), and for an
 * agent a field that may be null is one that it may leave out. Pure.
 */

/** The schema without null among its types and alternatives. What else it says stays. */
export function withoutNull(schema: object): object {
  const stripped = Object.fromEntries(Object.entries(schema).flatMap(([key, value]) => strip(key, value)))
  return merged(stripped)
}

function strip(key: string, value: unknown): [string, unknown][] {
  if (key === 'type' && Array.isArray(value)) return [[key, value.find((type) => type !== 'null')]]
  if ((key === 'anyOf' || key === 'oneOf') && Array.isArray(value)) return [[key, value.filter((entry) => !isNull(entry)).map(inner)]]
  if (key === 'enum' && Array.isArray(value)) return [[key, value.filter((entry) => entry !== null)]]
  // An example is a value, and no schema.
  if (key === 'example' || key === 'examples' || key === 'default') return [[key, value]]
  return [[key, inner(value)]]
}

function inner(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inner)
  return typeof value === 'object' && value !== null ? withoutNull(value) : value
}

/** A single alternative is no alternative. */
function merged(schema: Record<string, unknown>): object {
  for (const key of ['anyOf', 'oneOf']) {
    const alternatives = schema[key]
    if (!Array.isArray(alternatives) || alternatives.length !== 1) continue
    const { [key]: _, ...rest } = schema
    return { ...alternatives[0], ...rest }
  }
  return schema
}

function isNull(schema: unknown): boolean {
  return typeof schema === 'object' && schema !== null && 'type' in schema && schema.type === 'null'
}
