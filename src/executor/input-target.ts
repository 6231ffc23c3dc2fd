/** An input of a job at an executor, as the target of a transfer. */
import { type Budget, OutOfBudget, spend } from '../durable/budget.ts'
import type { PlacedPiece } from '../durable/piece.ts'
import type { TransferTarget } from '../durable/transfer.ts'
import type { ExecutorClient, InputLimits } from './client.ts'
import { ExecutorFailure } from './failure.ts'

export interface InputTargetOptions {
  executor: ExecutorClient
  job: string
  filename: string
  limits: InputLimits
  pieceBytes: number
  budget: Pick<Budget, 'take' | 'signal'>
}

export class InputTarget implements TransferTarget {
  readonly pieceBytes: number
  readonly #options: InputTargetOptions

  constructor(options: InputTargetOptions) {
    this.pieceBytes = options.pieceBytes
    this.#options = options
  }

  put(piece: PlacedPiece, signal: AbortSignal): Promise<number> {
    const { executor, job, filename, limits } = this.#options
    return executor.putInput(job, filename, piece, limits, signal)
  }

  async clear(): Promise<void> {
    const { budget } = this.#options
    spend(budget)
    await this.put({ stream: new Blob([]).stream(), length: 0, offset: 0, totalBytes: null }, budget.signal)
  }

  async size(): Promise<number | null> {
    const { executor, job, filename, budget } = this.#options
    spend(budget)
    return executor.inputSize(job, filename)
  }

  /** A stream that breaks may have broken at either end: an executor that answers is not the one. */
  async blame(error: unknown, { offset }: PlacedPiece): Promise<'source' | 'target' | 'too_large'> {
    if (!(error instanceof ExecutorFailure)) return 'target'
    if (error.fault === 'input_too_large') return 'too_large'
    // Right after a cut the executor may still be writing what had arrived, and refuses to go on from an older size.
    if (error.fault === 'refused' && offset > 0) return 'source'
    if (error.fault !== 'unreachable' && error.fault !== 'not_started') return 'target'
    try {
      await this.size()
      return 'source'
    } catch (silence) {
      // Nobody was asked: the next alarm finds out.
      if (silence instanceof OutOfBudget) throw silence
      return 'target'
    }
  }
}
