import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { executorFor } from '../../src/executor/connect.ts'
import { signFileToken } from '../../src/files/token.ts'
import { settingsOf } from '../../src/settings.ts'
import { download, ORIGIN, onlyOutput, TestAccount, until } from './client.ts'
import { copyOf, Gate, mediaFile, mediaUrl, requestsFor } from './media.ts'

test('an input that is not there fails at once, and the message names alias, host and status', async () => {
  const account = await TestAccount.create()
  const url = mediaUrl('/status/404')
  const command = await account.run(copyOf(url))
  expect(command).toMatchObject({ status: 'FAILED', error_status: 'UNREACHABLE_INPUT_FILE', output_files: {} })
  expect(command.error_message).toContain('"in_file"')
  expect(command.error_message).toContain(new URL(url).host)
  expect(command.error_message).toContain('404')
  expect(await requestsFor(url)).toHaveLength(1)
})

test('a server that fails is asked three times more before the command fails', async () => {
  const account = await TestAccount.create()
  const url = mediaUrl('/status/503')
  expect(await account.run(copyOf(url))).toMatchObject({ error_status: 'UNREACHABLE_INPUT_FILE' })
  expect(await requestsFor(url)).toHaveLength(4)
})

test('a server that recovers in time costs nothing but time', async () => {
  const account = await TestAccount.create()
  await account.succeed(copyOf(mediaUrl('/failing/2/500/tone.wav')))
})

test('a download that is cut is resumed where it was, if it is still the same file', async () => {
  const account = await TestAccount.create()
  const gate = new Gate('breaks')
  const id = await account.submit(copyOf(gate.url))
  const half = Math.floor((await mediaFile('tone.wav')).length / 2)
  const executor = executorFor(env, account.name, 0)
  await until('the executor has what was sent', async () => (await executor.inputSize(`${id}.1`, 'in_file.wav')) === half)
  await gate.open()
  expect((await account.ended(id)).status).toBe('SUCCESS')
  expect(await requestsFor(gate.url)).toEqual([
    { target: expect.any(String), range: null, ifRange: null },
    { target: expect.any(String), range: `bytes=${half}-`, ifRange: '"v1"' },
  ])
})

test('a download that is cut at a server without ranges is begun anew', async () => {
  const account = await TestAccount.create()
  const url = mediaUrl('/norange/1/tone.wav')
  await account.succeed(copyOf(url))
  expect((await requestsFor(url)).map(({ range }) => range)).toEqual([null, null])
})

test('a server that nobody runs is an unreachable input', async () => {
  const account = await TestAccount.create()
  const command = await account.run(copyOf('http://127.0.0.1:1/x.wav'))
  expect(command).toMatchObject({ error_status: 'UNREACHABLE_INPUT_FILE', error_message: expect.stringContaining('127.0.0.1:1') })
})

test('five redirects are followed, six are not', async () => {
  const account = await TestAccount.create()
  await account.succeed(copyOf(mediaUrl('/redirect/5/tone.wav')))
  expect(await account.run(copyOf(mediaUrl('/redirect/6/tone.wav')))).toMatchObject({ error_status: 'UNREACHABLE_INPUT_FILE' })
})

test('an input over the limit is INPUT_TOO_LARGE, whether or not its size was announced', async () => {
  const account = await TestAccount.create()
  for (const path of ['/big/2000000', '/chunked/2000000']) {
    const command = await account.run(copyOf(mediaUrl(path)))
    expect(command).toMatchObject({ error_status: 'INPUT_TOO_LARGE', error_message: expect.stringContaining('"in_file"') })
  }
})

test('inputs that are larger together than the disk of a command are INPUT_TOO_LARGE, and the message says so', async () => {
  const account = await TestAccount.create()
  const { maxJobDiskBytes, maxInputBytes } = settingsOf(env)
  const count = Math.ceil(maxJobDiskBytes / maxInputBytes) + 1
  const names = Array.from({ length: count }, (_, n) => `in_${n}`)
  const command = await account.run({
    input_files: Object.fromEntries(names.map((name) => [name, mediaUrl(`/chunked/${maxInputBytes}`)])),
    output_files: { out_a: 'a.bin' },
    ffmpeg_command: `${names.map((name) => `-f data -i {{${name}}}`).join(' ')} -map 0 -c copy -f data {{out_a}}`,
  })
  expect(command).toMatchObject({ error_status: 'INPUT_TOO_LARGE', error_message: expect.stringContaining('the inputs together') })
})

test('a resumed file is the same to the last byte', async () => {
  const account = await TestAccount.create()
  const bytesOf = async (path: string) => {
    const { storage_url } = onlyOutput(await account.succeed(copyOf(mediaUrl(path))))
    return new Uint8Array(await (await download(storage_url)).arrayBuffer())
  }
  const [cut, whole] = await Promise.all([bytesOf('/cut/2/tone.wav'), bytesOf('/tone.wav')])
  expect(cut).toEqual(whole)
})

test('a redirect to an address that is not allowed is not followed', async () => {
  const account = await TestAccount.create()
  for (const target of ['http://10.0.0.1/a.wav', 'http://169.254.169.254/latest', 'file:///etc/passwd', 'http://u:secret@127.0.0.1:1/']) {
    const url = `${env.MEDIA_URL}/location?${encodeURIComponent(target)}`
    const command = await account.run(copyOf(url))
    expect(command, target).toMatchObject({ status: 'FAILED', error_status: 'UNREACHABLE_INPUT_FILE' })
    expect(command.error_message).toContain('"in_file"')
    expect(command.error_message).not.toContain('secret')
  }
})

test('a message about an input does not show the query of its URL', async () => {
  const account = await TestAccount.create()
  for (const path of ['/status/404', '/failing/9/403/tone.wav', '/redirect/9/tone.wav']) {
    const command = await account.run(copyOf(`${env.MEDIA_URL}${path}?X-Amz-Signature=secret`))
    expect(command.error_message).not.toContain('secret')
  }
})

test('inputs are downloaded side by side', async () => {
  const account = await TestAccount.create()
  const gates = [new Gate(), new Gate(), new Gate()]
  const aliases = gates.map((_, n) => `in_${n}`)
  const id = await account.submit({
    input_files: Object.fromEntries(gates.map((gate, n) => [`in_${n}`, gate.url])),
    output_files: { out_mix: 'mix.wav' },
    ffmpeg_command: `${aliases.map((alias) => `-i {{${alias}}}`).join(' ')} -filter_complex amix=inputs=3 {{out_mix}}`,
  })
  await until('all are asked for', async () => {
    const requests = await Promise.all(gates.map((gate) => requestsFor(gate.url)))
    return requests.every(({ length }) => length === 1)
  })
  for (const gate of gates) await gate.open()
  expect((await account.ended(id)).status).toBe('SUCCESS')
})

test('one input that is not there fails the command while others are still on their way', async () => {
  const account = await TestAccount.create()
  const gate = new Gate()
  const command = await account.run({
    input_files: { in_slow: gate.url, in_gone: mediaUrl('/status/410') },
    output_files: { out_mix: 'mix.wav' },
    ffmpeg_command: '-i {{in_slow}} -i {{in_gone}} -filter_complex amix {{out_mix}}',
  })
  expect(command).toMatchObject({ error_status: 'UNREACHABLE_INPUT_FILE', error_message: expect.stringMatching(/"in_gone".*410/) })
  await gate.open()
})

describe('files of ours', () => {
  const storedFile = async (account: TestAccount) => onlyOutput(await account.succeed(copyOf(mediaUrl('/tone.wav'))))
  const expiredToken = (account: TestAccount, fileId: string) =>
    signFileToken({ account: account.name, fileId, expiresAt: 1 }, env.URL_SIGNING_SECRET)

  test('a storage URL is read from R2, never over HTTP', async () => {
    const account = await TestAccount.create()
    const { pathname } = new URL((await storedFile(account)).storage_url)
    // On the media server’s host, which would see the request.
    const url = env.MEDIA_URL + pathname
    await account.succeed(copyOf(url))
    expect(await requestsFor(url)).toEqual([])
  })

  test('a storage URL of this server is an input even where its address is private', async () => {
    const account = await TestAccount.create()
    await account.succeed(copyOf((await storedFile(account)).storage_url))
  })

  test('an expired one is read from R2 for the account that owns the file', async () => {
    const account = await TestAccount.create()
    const { file_id } = await storedFile(account)
    const url = `${env.MEDIA_URL}/files/${await expiredToken(account, file_id)}/copy.m4a`
    await account.succeed(copyOf(url))
    expect(await requestsFor(url)).toEqual([])
  })

  test('another account’s link may be used while it is good', async () => {
    const [owner, other] = await Promise.all([TestAccount.create(), TestAccount.create()])
    await other.succeed(copyOf((await storedFile(owner)).storage_url))
  })

  test('another account’s expired link is a URL like any other', async () => {
    const [owner, other] = await Promise.all([TestAccount.create(), TestAccount.create()])
    const { file_id } = await storedFile(owner)
    const url = `${env.MEDIA_URL}/files/${await expiredToken(owner, file_id)}/copy.m4a`
    expect(await other.run(copyOf(url))).toMatchObject({ error_status: 'UNREACHABLE_INPUT_FILE' })
    expect(await requestsFor(url)).toHaveLength(1)
    expect((await other.post(copyOf(url.replace(env.MEDIA_URL, ORIGIN)))).status).toBe(422)
  })

  test('a file of ours that is gone is an unreachable input, by its name', async () => {
    const account = await TestAccount.create()
    const url = `${ORIGIN}/files/${await expiredToken(account, 'gone')}/lost.wav`
    const command = await account.run(copyOf(url))
    expect(command).toMatchObject({ error_status: 'UNREACHABLE_INPUT_FILE', error_message: expect.stringMatching(/"in_file".*lost\.wav/) })
  })
})
