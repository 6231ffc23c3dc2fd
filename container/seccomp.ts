/**
 * A seccomp filter that leaves a program without sockets, for sandboxes that have no network namespace of their own.
 * It is classic BPF over `struct seccomp_data`, as `setpriv --seccomp-filter` loads it.
 */

interface Architecture {
  /** `AUDIT_ARCH_*`: the calling convention that the system call numbers belong to. */
  audit: number
  socket: number
  /** Its rings can open sockets without the `socket` call. */
  ioUringSetup: number
}

const ARCHITECTURES: ReadonlyMap<string, Architecture> = new Map([
  ['x64', { audit: 0xc000003e, socket: 41, ioUringSetup: 425 }],
  ['arm64', { audit: 0xc00000b7, socket: 198, ioUringSetup: 425 }],
])

const LOAD_WORD = 0x20
const JUMP_IF_EQUAL = 0x15
const JUMP_IF_AT_LEAST = 0x35
const RETURN = 0x06

const OFFSET_OF_NUMBER = 0
const OFFSET_OF_ARCHITECTURE = 4

/** On x86-64, numbers from here on are the x32 calling convention's, a second way to every call. */
const X32 = 0x40000000

const ALLOW = 0x7fff0000
const EACCES = 0x00050000 | 13

/** The filter as a file's content; null for a processor it has no numbers for. `architecture` is a `process.arch`. */
export function noSocketsFilter(architecture: string): Buffer | null {
  const found = ARCHITECTURES.get(architecture)
  if (found === undefined) return null
  return assemble([
    [LOAD_WORD, 0, 0, OFFSET_OF_ARCHITECTURE],
    [JUMP_IF_EQUAL, 0, 5, found.audit],
    [LOAD_WORD, 0, 0, OFFSET_OF_NUMBER],
    [JUMP_IF_AT_LEAST, 3, 0, X32],
    [JUMP_IF_EQUAL, 2, 0, found.socket],
    [JUMP_IF_EQUAL, 1, 0, found.ioUringSetup],
    [RETURN, 0, 0, ALLOW],
    [RETURN, 0, 0, EACCES],
  ])
}

/** `[code, instructions to skip if true, if false, operand]` → `struct sock_filter[]`, little-endian like both processors. */
function assemble(instructions: [code: number, ifTrue: number, ifFalse: number, operand: number][]): Buffer {
  const program = Buffer.alloc(instructions.length * 8)
  instructions.forEach(([code, ifTrue, ifFalse, operand], i) => {
    program.writeUInt16LE(code, i * 8)
    program.writeUInt8(ifTrue, i * 8 + 2)
    program.writeUInt8(ifFalse, i * 8 + 3)
    program.writeUInt32LE(operand, i * 8 + 4)
  })
  return program
}
