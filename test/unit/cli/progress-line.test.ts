import { expect, test } from 'vitest'
import { describeProgress } from '../../../src/cli/progress-line.ts'

test.each([
  [{ status: 'QUEUED', processing_stage: null, progress: null }, 'QUEUED', 'QUEUED'],
  [{ status: 'PROCESSING', processing_stage: 'DOWNLOADING', progress: null }, 'PROCESSING DOWNLOADING', 'PROCESSING DOWNLOADING'],
  [{ status: 'PROCESSING', processing_stage: 'FFMPEG', progress: 49.9 }, ' 49% PROCESSING FFMPEG', '[██░░]  49% PROCESSING FFMPEG'],
  [{ status: 'SUCCESS', processing_stage: null, progress: null }, '100% SUCCESS', '[████] 100% SUCCESS'],
] as const)('%o is one line, with a bar in a terminal', (command, bare, withBar) => {
  expect(describeProgress(command, 0)).toBe(bare)
  expect(describeProgress(command, 4)).toBe(withBar)
})
