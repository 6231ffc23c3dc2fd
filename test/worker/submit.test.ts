import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { onlyOutput, TestAccount } from './client.ts'
import { copyOf, Gate, mediaUrl, SHORT_TONE } from './media.ts'

/** Ends at once, without an executor. */
const UNREACHABLE = copyOf(mediaUrl('/status/404'))

describe('what a command may look like', () => {
  test('a submit is answered with the id of the command and nothing else', async () => {
    const account = await TestAccount.create()
    const response = await account.post(UNREACHABLE)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    const id: unknown = expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(await response.json()).toEqual({ command_id: id })
  })

  test('the quickstart’s command makes the video that it asks for', async () => {
    const account = await TestAccount.create()
    const command = await account.succeed({
      input_files: { in_video: mediaUrl('/tiny.mp4') },
      output_files: { out_video: 'converted.webm' },
      ffmpeg_command: 'ffmpeg -i {{in_video}} -c:v libvpx-vp9 -b:v 1M -c:a libopus {{out_video}}',
      metadata: { order: 17 },
    })
    expect(onlyOutput(command)).toMatchObject({
      filename: 'converted.webm',
      file_type: 'video',
      codec: 'vp9',
      mime_type: 'video/webm',
      width: 160,
      height: 90,
      frame_rate: 25,
    })
  })

  test.each([
    ['{{alias}}', '{{in_file}}', '{{out_file}}'],
    ['{{ alias }} with spaces', '{{ in_file }}', '{{  out_file }}'],
    ['<<alias>>', '<<in_file>>', '<< out_file >>'],
    ['\\{\\{alias\\}\\}', '\\{\\{in_file\\}\\}', '\\{\\{out_file\\}\\}'],
  ])('placeholders may be written %s', async (_, input, output) => {
    const account = await TestAccount.create()
    const command = { ...copyOf(mediaUrl('/tone.wav')), ffmpeg_command: `-i ${input} -c alac ${output}` }
    expect(await account.run(command)).toMatchObject({ status: 'SUCCESS', output_files: { out_file: { filename: 'copy.m4a' } } })
  })

  test('a placeholder inside a quoted filter argument is replaced', async () => {
    const account = await TestAccount.create()
    const command = await account.succeed({
      output_files: { out_facts: 'facts.txt' },
      ffmpeg_command: '-f lavfi -i testsrc=d=0.2 -vf "signalstats, metadata=print:file={{out_facts}}" -f null -',
    })
    expect(onlyOutput(command)).toMatchObject({ filename: 'facts.txt', mime_type: 'text/plain' })
  })

  test.each([
    ['absent', {}],
    ['empty', { input_files: {} }],
  ])('a command that needs no input may have input_files %s', async (_, inputs) => {
    const account = await TestAccount.create()
    const command = await account.succeed({ ...SHORT_TONE, ...inputs })
    expect(command.original_request.input_files).toEqual({})
  })

  test('fields that nobody knows are ignored', async () => {
    const account = await TestAccount.create()
    const command = await account.poll(await account.submit({ ...UNREACHABLE, threads: 8, later: { a: [1] } }))
    expect(command.original_request).toEqual(UNREACHABLE)
  })

  test('a number may come as a string', async () => {
    const account = await TestAccount.create()
    const command = await account.run({ ...SHORT_TONE, max_command_run_seconds: '60' })
    expect(command.status).toBe('SUCCESS')
  })

  test('a content type may carry parameters, and be any that ends in +json', async () => {
    const account = await TestAccount.create()
    for (const type of ['application/json; charset=utf-8', 'Application/JSON', 'application/vnd.api+json']) {
      expect((await account.post(UNREACHABLE, { headers: { 'content-type': type } })).status, type).toBe(200)
    }
  })
})

describe('what the poll gives back of it', () => {
  test('the request comes back as it was sent', async () => {
    const account = await TestAccount.create()
    const request = {
      ...UNREACHABLE,
      ffmpeg_command: 'ffmpeg -i {{ in_file }}  -metadata title="Tür \\"日本\\" 🎬" <<out_file>>',
      webhook_url: 'http://127.0.0.1:1/hook',
      max_command_run_seconds: 9,
      vcpu_count: 8,
    }
    const id = await account.submit({ ...request, metadata: { a: 1 }, max_command_run_seconds: '9' })
    expect((await account.poll(id)).original_request).toEqual(request)
    await account.ended(id)
    const retried = await (await account.request(`/api/v1/commands/${id}/retry`, { method: 'POST' })).json<{ command_id: string }>()
    expect((await account.poll(retried.command_id)).original_request, 'when it is run again').toEqual(request)
  })

  test.each([
    ['absent', {}],
    ['null', { metadata: null }],
    ['empty', { metadata: {} }],
  ])('metadata that is %s comes back as an empty object', async (_, metadata) => {
    const account = await TestAccount.create()
    const command = await account.poll(await account.submit({ ...UNREACHABLE, ...metadata }))
    expect(command.metadata).toEqual({})
  })

  test.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '', ' '])(
    'metadata may have a property named %j',
    async (name) => {
      const account = await TestAccount.create()
      const metadata = `{"${name}":{"${name}":[1]}}`
      const body = JSON.stringify({ ...UNREACHABLE, metadata: 'HERE' }).replace('"HERE"', metadata)
      const response = await account.post(body)
      expect(response.status).toBe(200)
      const { command_id } = await response.json<{ command_id: string }>()
      const poll = await account.request(`/api/v1/commands/${command_id}`)
      expect(await poll.text()).toContain(`"metadata":${metadata}`)
    },
  )

  test('metadata of 10 properties and any depth comes back as it was sent', async () => {
    const account = await TestAccount.create()
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 10 }), async (generated) => {
        const metadata: unknown = JSON.parse(JSON.stringify(generated))
        const poll = await account.request(`/api/v1/commands/${await account.submit({ ...UNREACHABLE, metadata })}`)
        // As text, since reading it may lose a `__proto__`.
        expect(await poll.text()).toContain(`"metadata":${JSON.stringify(metadata)},`)
      }),
      { numRuns: 15 },
    )
  })
})

describe('waiting for the end', () => {
  test.each([
    ['?wait=N', { query: '?wait=30' }],
    ['Prefer: wait=N', { headers: { prefer: 'wait=30' } }],
    ['Prefer: wait=N among other preferences', { headers: { prefer: 'respond-async, wait=30; foo="bar", handling=lenient' } }],
    ['Prefer with a quoted value', { headers: { prefer: 'Wait = "30"' } }],
    ['a Prefer that is longer than 60 seconds', { headers: { prefer: 'wait=86400' } }],
  ])('%s holds the submit’s answer until the command has ended', async (_, init) => {
    const account = await TestAccount.create()
    const response = await account.post(SHORT_TONE, init)
    expect(response.status).toBe(200)
    const command = await response.json<{ command_id: string }>()
    expect(command).toMatchObject({ status: 'SUCCESS' })
    expect(withoutLinks(command)).toEqual(withoutLinks(await account.poll(command.command_id)))
  })

  test('a command that has not ended after the wait is answered as it stands', async () => {
    const account = await TestAccount.create()
    const gate = new Gate()
    const response = await account.post(copyOf(gate.url), { query: '?wait=1' })
    expect(await response.json()).toMatchObject({ status: expect.stringMatching(/QUEUED|PROCESSING/), error_status: null })
    await gate.open()
  })

  test.each(['wait=-1', 'wait=soon', 'wait=', 'wait', 'wait=0', 'respond-async', 'await=30', ''])(
    'a Prefer of %j does not wait, and is not an error',
    async (prefer) => {
      const account = await TestAccount.create()
      const response = await account.post(UNREACHABLE, { headers: { prefer } })
      expect(await response.json()).toEqual({ command_id: expect.any(String) })
    },
  )

  test.each(['61', '-1', '1.5', 'soon', '1e99', 'NaN', 'Infinity'])('?wait=%s is a 400, and nothing is stored', async (wait) => {
    const account = await TestAccount.create()
    const response = await account.post(UNREACHABLE, { query: `?wait=${wait}` })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: 'INVALID_REQUEST', message: expect.stringContaining('wait') })
    expect((await account.list()).total).toBe(0)
  })
})

/** Links are fresh at each poll. */
function withoutLinks(command: object): unknown {
  return JSON.parse(JSON.stringify(command, (key, value: unknown) => (key === 'storage_url' ? 'fresh' : value)))
}
