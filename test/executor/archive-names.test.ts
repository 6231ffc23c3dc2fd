import { crc32 } from 'node:zlib'
import { describe, expect, it, test } from 'vitest'
import { entryName, Wrapping } from '../../container/archive-names.ts'

describe('a name is read as whoever made the archive means it', () => {
  const entry = (fileNameRaw: Buffer, generalPurposeBitFlag = 0, extraFields: { id: number; data: Buffer }[] = []) => ({
    fileNameRaw,
    generalPurposeBitFlag,
    extraFields,
  })
  /** Info-ZIP's field: version, checksum of the name that it stands for, and the name. */
  const unicodePath = (raw: Buffer, name: string) => {
    const head = Buffer.alloc(5)
    head.writeUInt8(1)
    head.writeUInt32LE(crc32(raw), 1)
    return { id: 0x7075, data: Buffer.concat([head, Buffer.from(name)]) }
  }
  const cp437 = Buffer.from('caf\x82.mp4', 'latin1')

  it.each([
    ['marked as UTF-8', entry(Buffer.from('café.mp4'), 0x800), 'café.mp4'],
    ['UTF-8 without the mark', entry(Buffer.from('café 日本.mp4')), 'café 日本.mp4'],
    ['decomposed, as macOS has it', entry(Buffer.from('cafe\u0301.mp4')), 'caf\u00e9.mp4'],
    ['CP437, as DOS and Windows have it', entry(cp437), 'café.mp4'],
    ['with a field for its UTF-8', entry(cp437, 0, [unicodePath(cp437, 'café 1.mp4')]), 'café 1.mp4'],
    ['with such a field for another name', entry(cp437, 0, [unicodePath(Buffer.from('other'), 'evil.mp4')]), 'café.mp4'],
    ['with the folder itself in front', entry(Buffer.from('./kit/a.mp4')), 'kit/a.mp4'],
    ['that folder', entry(Buffer.from('./')), './'],
    ['that climbs from it', entry(Buffer.from('./../a.mp4')), '../a.mp4'],
    ['with backslashes between folders', entry(Buffer.from('kit\\a b\\c.mp4')), 'kit/a b/c.mp4'],
  ])('%s', (_, raw, name) => {
    expect(entryName(raw)).toBe(name)
  })
})

describe('folders around everything are left out', () => {
  function prefixOf(names: string[], commands: string[][] = [], taken: string[] = []): string {
    const wrapping = new Wrapping(taken, (name) => name.toLowerCase())
    for (const name of names) wrapping.add(name)
    return wrapping.prefix(commands)
  }
  const KIT = ['kit/1.png', 'kit/2.png', 'kit/fonts/a.ttf']
  const DEEP = ['kit/frames/1.png', 'kit/frames/2.png']

  test.each<[string, string, string]>([
    ['one', prefixOf(KIT), 'kit/'],
    ['several', prefixOf(DEEP), 'kit/frames/'],
    ['of a single file', prefixOf(['kit/a.mp4'], [['-i', 'a.mp4']]), 'kit/'],
    ['not where something lies beside them', prefixOf([...KIT, 'a.mp4']), ''],
    ['not where there are none', prefixOf(['a.mp4', 'b.mp4']), ''],
    ['not where there are no files', prefixOf([]), ''],
    [
      'not one that a command names',
      prefixOf(KIT, [
        ['-i', 'a'],
        ['-i', 'kit/%d.png'],
      ]),
      '',
    ],
    ['not one that a filter names', prefixOf(KIT, [['-vf', 'ass=a.ass:fontsdir=kit']]), ''],
    ['only those outside of one that a command names', prefixOf(DEEP, [['-i', 'frames/%d.png']]), 'kit/'],
    ['also where a command has the same letters elsewhere', prefixOf(KIT, [['-metadata', 'title=kits and kit', '-i', '1.png']]), 'kit/'],
    ['not where a name would be that of an output', prefixOf(['kit/OUT.mp4', 'kit/a.png'], [], ['out.mp4']), ''],
    ['also where such a name stays in a folder', prefixOf(['kit/a/out.mp4', 'kit/b.png'], [], ['out.mp4']), 'kit/'],
  ])('%s', (_, prefix, expected) => {
    expect(prefix).toBe(expected)
  })
})
