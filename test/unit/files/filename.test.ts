import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jobFilenameSchema } from '../../../src/executor/protocol.ts'
import { filenameOfUrl, storedFilename } from '../../../src/files/filename.ts'
import { anyText } from '../../support/any-text.ts'

describe('storedFilename', () => {
  it.each([
    ['intro.mp4', 'intro.mp4'],
    ['My Holiday  Video.MP4', 'My_Holiday_Video.MP4'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\videos\\a.mov', 'a.mov'],
    ['folder/', 'file'],
    ['résumé Ünï.mp4', 'resume_Uni.mp4'],
    ['日本語.mp4', '_.mp4'],
    ['日本語', 'file'],
    ['.hidden', 'hidden'],
    ['..', 'file'],
    ['-i', 'i'],
    ['', 'file'],
    [`${'a'.repeat(300)}.mp4`, `${'a'.repeat(196)}.mp4`],
    [`a.${'b'.repeat(300)}`, `a.${'b'.repeat(198)}`],
  ])('of %.40j is %.40j', (given, stored) => {
    expect(storedFilename(given)).toBe(stored)
  })

  it('is a plain name in a job’s folder whatever was given, and stays as it is', () => {
    fc.assert(
      fc.property(anyText, (given) => {
        const stored = storedFilename(given)
        expect(jobFilenameSchema.safeParse(stored).success).toBe(true)
        expect(storedFilename(stored)).toBe(stored)
      }),
    )
  })
})

describe('filenameOfUrl', () => {
  it.each([
    ['https://example.com/a/b%20c.mp4?x=y.mov#z', 'b_c.mp4'],
    ['https://example.com/a%2Fb.mp4', 'b.mp4'],
    ['https://example.com/%ff.mp4', '_ff.mp4'],
    ['https://example.com/', 'file'],
    ['nonsense', 'file'],
  ])('of %j is %j', (url, name) => {
    expect(filenameOfUrl(url)).toBe(name)
  })
})
