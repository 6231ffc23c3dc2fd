import fc from 'fast-check'
import { quote } from 'shlex'
import { describe, expect, it } from 'vitest'
import { compileCommands } from '../../src/ffmpeg/command.ts'
import { tokenise } from '../../src/ffmpeg/tokenise.ts'
import { type Attack, attacks } from './attacks.ts'

const ATTACKS = attacks({ file: '/srv/secret/canary', listener: '127.0.0.1:8099', folder: '/srv/secret' })
const REFUSED = ATTACKS.filter((attack) => attack.heldBy === 'policy')

function faultsOf(attack: Attack, commands: string[] = attack.commands): string[] {
  const compilation = compileCommands({
    field: attack.chain ? 'ffmpeg_commands' : 'ffmpeg_command',
    commands,
    inputs: Object.fromEntries(Object.entries(attack.inputs).map(([alias, { filename }]) => [alias, `https://example.com/${filename}`])),
    outputs: attack.outputs,
  })
  return compilation.ok ? [] : compilation.faults.map((fault) => fault.msg)
}

describe('the policy refuses what opens more than the job', () => {
  it.each(REFUSED.map((attack) => [attack.title, attack] as const))('%s', (_title, attack) => {
    const faults = faultsOf(attack)
    expect(
      faults.some((msg) => msg.includes(attack.token ?? '')),
      faults.join('\n'),
    ).toBe(true)
  })

  it.each([
    ['a Greek question mark, which is a semicolon', '-i a.mp4 -vf "drawtext=text=a\u037emovie=/srv/secret/canary" {{out_1}}', '`movie`'],
    [
      'an equals sign under a stroke, which is none',
      '-i a.mp4 -vf "drawtext=text=\u0338a:textfile=/srv/secret/canary" {{out_1}}',
      'canary',
    ],
  ])('also as it is composed for the names of an archive: %s', (_what, command, told) => {
    const compilation = compileCommands({
      field: 'ffmpeg_command',
      commands: [command],
      inputs: {},
      outputs: { out_1: 'out.mp4' },
      archive: true,
    })
    expect(compilation.ok ? [] : compilation.faults.map(({ msg }) => msg)).toContainEqual(expect.stringContaining(told))
  })

  it('says what to write instead', () => {
    for (const attack of REFUSED) for (const msg of faultsOf(attack)) expect(msg).toMatch(/: \S/)
  })

  it('lets pass what only the walls behind it can see', () => {
    for (const attack of ATTACKS) if (attack.heldBy !== 'policy') expect(faultsOf(attack), attack.title).toEqual([])
  })
})

/** The same argument, quoted for the command line in any way that means the same. */
function quotings(token: string): fc.Arbitrary<string> {
  const bare = [...token].map((char) => (/[A-Za-z0-9_/.:=-]/.test(char) ? char : char === '\n' ? `'\n'` : `\\${char}`)).join('')
  return fc.constantFrom(
    quote(token),
    `"${token.replace(/["\\]/g, '\\$&')}"`,
    `'${token.replaceAll("'", `'"'"'`)}'`,
    bare,
    `""${quote(token)}`,
  )
}

describe('a refused token stays refused', () => {
  it('under any quoting', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...REFUSED).chain((attack) => {
          const quoted = attack.commands.map((command) => {
            const split = tokenise(command)
            return fc.tuple(...(split.ok ? split.tokens : []).map(quotings)).map((tokens) => tokens.join(' '))
          })
          return fc.tuple(fc.constant(attack), fc.tuple(...quoted))
        }),
        ([attack, commands]) => {
          expect(faultsOf(attack, commands).some((msg) => msg.includes(attack.token ?? ''))).toBe(true)
        },
      ),
      { numRuns: 1000 },
    )
  })

  it('at any position among harmless options', () => {
    const harmless = fc.array(
      fc.constantFrom('-y', '-hide_banner', '-loglevel error', '-nostdin', '-threads 2', '-max_muxing_queue_size 9', "-metadata 'a=b c'"),
      { maxLength: 4 },
    )
    // ffprobe has other options.
    const ofFfmpeg = REFUSED.filter(({ commands }) => !commands.some((command) => command.startsWith('ffprobe')))
    fc.assert(
      fc.property(fc.constantFrom(...ofFfmpeg), harmless, (attack, options) => {
        const commands = attack.commands.map((command) => `${options.join(' ')} ${command}`)
        expect(faultsOf(attack, commands).some((msg) => msg.includes(attack.token ?? ''))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('under any escaping inside a filter graph', () => {
    const escaped = fc.tuple(...[...'movie'].map((char) => fc.constantFrom(char, `\\${char}`, `'${char}'`))).map((parts) => parts.join(''))
    fc.assert(
      fc.property(escaped, fc.constantFrom('', '@x'), fc.constantFrom('', '[in]', ' ', '\n'), (name, instance, before) => {
        const command = `-i {{in_v}} -vf ${quote(`scale=9:9,${before}${name}${instance}=x`)} {{out_1}}`
        const [attack] = REFUSED
        expect(attack === undefined ? [] : faultsOf(attack, [command])).toContainEqual(expect.stringContaining('`movie`'))
      }),
    )
  })
})
