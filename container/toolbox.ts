import type { GraphFileSyntax } from '../src/ffmpeg/scripts.ts'
import type { Gate, Gates } from './gate.ts'
import type { Confinement, Sandbox } from './sandbox.ts'
import { changesUser } from './sandbox.ts'
import { Workspace } from './workspace.ts'

/** What every job is run with; found once, at start. */
export interface Toolbox {
  /** Absolute paths. */
  ffmpeg: string
  ffprobe: string
  sandbox: Sandbox
  /** How this FFmpeg is told to read a graph from a file. */
  graphFiles: GraphFileSyntax
  gates: Gates
  /** Demuxers that ffprobe may use on what users made, as `-format_whitelist` takes them. */
  probeFormats: string
  /** This process's own folder. */
  lifeDir: string
  maxJobDiskBytes: number
  maxFfmpegMemoryBytes: number
}

export function createWorkspace(toolbox: Toolbox, job: string): Promise<Workspace> {
  return Workspace.create(toolbox.lifeDir, job, changesUser(toolbox.sandbox))
}

/** @param fileBytes size that a file may grow to */
export function confinementOf(toolbox: Toolbox, workspace: Workspace, fileBytes: number, gate: Gate | null = null): Confinement {
  const { maxFfmpegMemoryBytes: memoryBytes } = toolbox
  return { folder: workspace.files, uid: workspace.uid, fileBytes, memoryBytes, gate: gate?.path ?? null }
}
