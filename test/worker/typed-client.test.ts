/** Whole journeys by the typed client: its types come from the OpenAPI document, so that a document that is wrong does not compile here. */
import { expect, test } from 'vitest'
import { dataOf, typedClient } from '../client/client.ts'
import { download, ORIGIN, request, TestAccount, until } from './client.ts'
import { mediaFile, mediaUrl, SHORT_TONE } from './media.ts'
import { Hook } from './webhooks.ts'

async function clientOf(account: TestAccount) {
  return typedClient(ORIGIN, account.apiKey, (sent) => request(sent.url, sent))
}

test('commands: submit, wait, list, log, run again, delete', async () => {
  const client = await clientOf(await TestAccount.create())
  const { data, error } = await client.POST('/api/v1/run-ffmpeg-command', {
    params: { header: { prefer: 'wait=50' } },
    body: { input_files: { in_1: mediaUrl('/tone.wav') }, output_files: { out_1: 'copy.flac' }, ffmpeg_command: '-i {{in_1}} {{out_1}}' },
  })
  expect(error).toBeUndefined()
  if (!data || !('status' in data)) throw new Error('the command has not ended in time')
  expect([data.status, data.output_files.out_1?.codec]).toEqual(['SUCCESS', 'flac'])
  const path = { command_id: data.command_id }
  await until('it is listed as ended', async () => {
    const { commands } = await dataOf(client.GET('/api/v1/commands', { params: { query: { status: 'SUCCESS', limit: 1 } } }))
    return commands[0]?.command_id === data.command_id
  })
  expect(await dataOf(client.GET('/api/v1/commands/{command_id}/log', { params: { path }, parseAs: 'text' }))).toContain('copy.flac')
  const again = await dataOf(client.POST('/api/v1/commands/{command_id}/retry', { params: { path } }))
  expect(again.command_id).not.toBe(data.command_id)
  expect(await dataOf(client.DELETE('/api/v1/commands/{command_id}/files', { params: { path } }))).toEqual({
    deleted: true,
    files_deleted: 1,
  })
})

test('a fault is typed too', async () => {
  const client = await clientOf(await TestAccount.create())
  const { error } = await client.POST('/api/v1/validate', { body: { ...SHORT_TONE, ffmpeg_command: '-i {{in_none}} {{out_tone}}' } })
  if (!error || typeof error.detail === 'string') throw new Error('that is no list of faults')
  expect(error.detail[0]?.loc).toEqual(['ffmpeg_command'])
})

test('files: upload, store from a URL, list, delete', async () => {
  const client = await clientOf(await TestAccount.create())
  const form = new FormData()
  form.set('file', new File([await mediaFile('tone.wav')], 'tone.wav'))
  const uploaded = await dataOf(client.POST('/api/v1/files/upload', { body: { file: '' }, bodySerializer: () => form }))
  expect((await download(uploaded.storage_url)).status).toBe(200)
  const stored = await dataOf(client.POST('/api/v1/files/store-file', { body: { file_url: mediaUrl('/tone.wav') } }))
  const path = { file_id: stored.file_id }
  const file = await until('it is stored', async () => {
    const read = await dataOf(client.GET('/api/v1/files/{file_id}', { params: { path } }))
    return read.status === 'STORED' && read
  })
  expect([file.rendi_store_type, file.filename]).toEqual(['STORED_FILE', 'tone.wav'])
  expect((await dataOf(client.GET('/api/v1/files'))).total).toBe(2)
  expect(await dataOf(client.DELETE('/api/v1/files/{file_id}', { params: { path } }))).toEqual({ deleted: true, file_id: stored.file_id })
})

test('presets: make, change, execute, delete', async () => {
  const client = await clientOf(await TestAccount.create())
  const { preset_id } = await dataOf(
    client.POST('/api/v1/presets', {
      body: {
        name: 'To FLAC',
        ffmpeg_command: '-i {{in_1}} {{out_1}}',
        input_file_keys: ['in_1'],
        output_file_definitions: { out_1: 'a.flac' },
      },
    }),
  )
  const path = { preset_id }
  expect((await dataOf(client.PUT('/api/v1/presets/{preset_id}', { params: { path }, body: { name: 'FLAC' } }))).name).toBe('FLAC')
  const executed = await dataOf(
    client.POST('/api/v1/presets/{preset_id}/execute', {
      params: { path, query: { wait: 50 } },
      body: { input_files: { in_1: mediaUrl('/tone.wav') } },
    }),
  )
  expect('status' in executed && executed.status).toBe('SUCCESS')
  expect(await dataOf(client.DELETE('/api/v1/presets/{preset_id}', { params: { path } }))).toEqual({ deleted: true, preset_id })
})

test('webhooks: set, test, read the deliveries of a command, unset', async () => {
  const client = await clientOf(await TestAccount.create())
  const hook = new Hook('200')
  await dataOf(client.PUT('/api/v1/webhook-config', { body: { url: hook.url, secret: 'a long random text' } }))
  expect((await dataOf(client.POST('/api/v1/webhook-config/test'))).response_status).toBe(200)
  const { command_id } = await dataOf(client.POST('/api/v1/run-ffmpeg-command', { body: SHORT_TONE }))
  await hook.arrived(2)
  const { deliveries } = await until('the delivery is recorded', async () => {
    const read = await dataOf(client.GET('/api/v1/commands/{command_id}/webhook-deliveries', { params: { path: { command_id } } }))
    return read.status === 'delivered' && read
  })
  expect(deliveries.map(({ response_status }) => response_status)).toEqual([200])
  expect(await dataOf(client.DELETE('/api/v1/webhook-config'))).toEqual({ deleted: true })
})
