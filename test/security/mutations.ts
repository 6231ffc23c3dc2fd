/** Broken media, made from whole media by chance that can be repeated. */

export interface Sample {
  /** With its extension, which some demuxers go by. */
  filename: string
  bytes: Uint8Array<ArrayBuffer>
}

export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A whole number from 0 to `limit` - 1 (mulberry32). */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }

  of<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)]
    if (choice === undefined) throw new Error('nothing to choose from')
    return choice
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length }, () => this.below(256))
  }
}

type Mutation = (chance: Chance, whole: Uint8Array<ArrayBuffer>, other: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>

const HEADER_BYTES = 256

const MUTATIONS: Record<string, Mutation> = {
  'random bytes': (chance) => chance.bytes(chance.below(20_000)),
  'flipped bits': (chance, whole) => flipBits(chance, whole, whole.length),
  'flipped bits in the header': (chance, whole) => flipBits(chance, whole, Math.min(HEADER_BYTES, whole.length)),
  'cut short': (chance, whole) => whole.slice(0, chance.below(whole.length)),
  'without its beginning': (chance, whole) => whole.slice(chance.below(whole.length)),
  'a random stretch': (chance, whole) => {
    const broken = whole.slice()
    const start = chance.below(broken.length)
    broken.set(chance.bytes(Math.min(chance.below(2000), broken.length - start)), start)
    return broken
  },
  'extreme numbers': (chance, whole) => {
    const broken = whole.slice()
    for (let n = 1 + chance.below(8); n > 0 && broken.length >= 4; n -= 1) {
      const start = chance.below(broken.length - 3)
      broken.fill(chance.of([0x00, 0x7f, 0x80, 0xff]), start, start + 4)
    }
    return broken
  },
  "another format's header": (chance, whole, other) => concatenated(other.slice(0, 1 + chance.below(HEADER_BYTES)), whole),
  "another format's body": (chance, whole, other) => concatenated(whole.slice(0, 1 + chance.below(HEADER_BYTES)), other),
}

const WAYS = Object.entries(MUTATIONS)

/** As many seeds in a row break each sample in each way. */
export function seedsForAll(samples: readonly Sample[]): number {
  return samples.length * WAYS.length
}

/** Breaks one of the samples; the same seed breaks the same one in the same way. */
export function brokenSample(seed: number, samples: readonly Sample[]): Sample & { how: string } {
  const chance = new Chance(seed)
  const { filename, bytes } = inTurn(samples, seed)
  const [how, mutate] = inTurn(WAYS, Math.floor(seed / samples.length))
  return { filename, how, bytes: mutate(chance, bytes, chance.of(samples).bytes) }
}

function inTurn<T>(choices: readonly T[], turn: number): T {
  const choice = choices[turn % choices.length]
  if (choice === undefined) throw new Error('nothing to choose from')
  return choice
}

function flipBits(chance: Chance, whole: Uint8Array<ArrayBuffer>, within: number): Uint8Array<ArrayBuffer> {
  const broken = whole.slice()
  for (let n = 1 + chance.below(40); n > 0 && within > 0; n -= 1) {
    const at = chance.below(within)
    broken[at] = (broken[at] ?? 0) ^ (1 << chance.below(8))
  }
  return broken
}

function concatenated(first: Uint8Array, second: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(first.length + second.length)
  whole.set(first)
  whole.set(second, first.length)
  return whole
}
