/** The five characters that XML has names for (XML 1.0, section 4.6). */

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
])

/** A text of XML as it is meant. What has no name here stays as it is. */
export function decodeEntities(text: string): string {
  return text.replace(/&(\w+);/g, (entity, name) => ENTITIES.get(String(name)) ?? entity)
}
