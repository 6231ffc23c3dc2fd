/** Facts about an output from FFmpeg's own report and a look into the file, where these tell all. */
import type { FileHandle } from 'node:fs/promises'
import { type MediaFacts, mediaFacts } from '../src/ffmpeg/media.ts'
import { BOX_HEAD_BYTES, majorBrand, readBoxHead, readMovie } from '../src/ffmpeg/mp4.ts'
import type { ReportedOutput } from '../src/ffmpeg/output-report.ts'
import { isMovie, movieReport, rawSoundReport, soleStill, stillReport } from '../src/ffmpeg/written-media.ts'
import { readAt } from './regular-file.ts'
import type { Workspace } from './workspace.ts'

/** The index of several hours of film. */
const MAX_MOOV_BYTES = 8 * 1024 ** 2

/** FFmpeg writes a few boxes; each costs one read. */
const MAX_BOXES = 32

/** What stands before the frame header of a JPEG that FFmpeg makes fits in here many times. */
const STILL_HEAD_BYTES = 4096

/** What FFmpeg has said of a file, and the state it left the file in. */
export interface Written {
  output: ReportedOutput
  /** As `MadeFile.version`. */
  version: string
}

/**
 * Facts about one output of a job, without starting a program; null if only ffprobe knows. Never rejects.
 * @param written null if nothing is known of how the file came about
 */
export async function writtenFacts(workspace: Workspace, filename: string, written: Written | null): Promise<MediaFacts | null> {
  const report = written === null ? null : await readReport(workspace, filename, written).catch(() => null)
  return report === null ? null : mediaFacts(report, filename)
}

/** What ffprobe would report; null if only ffprobe knows. */
async function readReport(workspace: Workspace, filename: string, { output, version }: Written): Promise<unknown> {
  const still = soleStill(output, filename)
  const sound = rawSoundReport(output, (await workspace.fileBytes(filename)) ?? 0)
  if (still === null && sound === null && !isMovie(output)) return null
  // Who has written the file since, FFmpeg told not to report or otherwise, has made it another one.
  if ((await workspace.fileVersion(filename)) !== version) return null
  if (sound !== null) return sound
  const opened = await workspace.openRegular(filename)
  if (opened === null) return null
  try {
    if (still === null) return await readMovieReport(opened.handle, opened.bytes, output)
    return stillReport(still, await readAt(opened.handle, 0, Math.min(opened.bytes, STILL_HEAD_BYTES)))
  } finally {
    await opened.handle.close()
  }
}

async function readMovieReport(handle: FileHandle, fileBytes: number, output: ReportedOutput): Promise<unknown> {
  let brand: string | null = null
  let at = 0
  for (let count = 0; at < fileBytes && count < MAX_BOXES; count += 1) {
    const head = await readAt(handle, at, Math.min(BOX_HEAD_BYTES, fileBytes - at))
    const box = readBoxHead(head, fileBytes - at)
    if (box === null) return null
    if (box.type === 'moov') {
      if (brand === null || box.bytes > MAX_MOOV_BYTES) return null
      const movie = readMovie(await readAt(handle, at + box.headerBytes, box.bytes - box.headerBytes))
      return movie === null ? null : movieReport(output, brand, movie)
    }
    if (at === 0) brand = box.type === 'ftyp' ? majorBrand(head) : null
    at += box.bytes
  }
  return null
}
