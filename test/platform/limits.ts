/**
 * Cloudflare's published limits, as this layer holds the Worker to them; the guide to limits says where each is from. Bytes are counted as they
 * are; a quarter of an hour is scaled to a second, and a piece of 64 MiB to a quarter of one, so that a small file takes several.
 */
import { ENGINE_LIMITS, type EngineLimits } from '../../src/durable/limits.ts'

const MIB = 1024 * 1024

export const PLATFORM = {
  /** Connections of one invocation that await their headers. */
  connections: 6,
  /** Of one invocation: an order below what is allowed to a paid account. */
  subrequests: 1_000,
  /** The body of one request that an object sends out, in bytes. */
  bodyBytes: MIB / 4,
  /** Wall time of an alarm, in milliseconds. */
  alarmMs: 1_000,
  /** A key with its value, a row, or a text in it, in bytes. */
  valueBytes: 2_000_000,
  /** Every part of an upload but the last, in bytes. */
  leastPartBytes: 5 * MIB,
  parts: 10_000,
  /** Between two writes under one key of the bucket, in milliseconds. */
  keyRestMs: 1_000,
} as const

/** The engine's own limits, scaled alike: a slice is two thirds of an alarm. */
export const SCALED: EngineLimits = {
  ...ENGINE_LIMITS,
  sliceMs: (ENGINE_LIMITS.sliceMs / (15 * 60_000)) * PLATFORM.alarmMs,
  watchdogMs: 2_000,
  pieceBytes: PLATFORM.bodyBytes,
}

/** What objects that come into memory from now on take as theirs. */
export const engine: { limits: EngineLimits } = { limits: SCALED }
