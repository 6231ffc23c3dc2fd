/** A part of a file, as the body of one request. */
export interface Piece {
  stream: ReadableStream<Uint8Array>
  /** In bytes; null where it ends with the file, and nobody knows when. */
  length: number | null
}

/** A piece with its place in the file. */
export interface PlacedPiece extends Piece {
  offset: number
  /** Null where nobody knows. */
  totalBytes: number | null
}
