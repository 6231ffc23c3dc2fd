/** Chance that can be had again. */

/** Numbers from 0 to 1, the same ones for the same seed: the 32-bit finaliser of MurmurHash3 over a Weyl sequence. */
export function seededRandom(seed: string): () => number {
  let state = Array.from(seed).reduce((hash, character) => mixed(hash ^ (character.codePointAt(0) ?? 0)), 1)
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    return mixed(state) / 2 ** 32
  }
}

function mixed(value: number): number {
  const once = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return (twice ^ (twice >>> 16)) >>> 0
}
