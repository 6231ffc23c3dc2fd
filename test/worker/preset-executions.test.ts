/** A preset is a command: whatever a submit can do, an execution can. */
import { expect, test } from 'vitest'
import { presetSchema } from '../../src/api/preset-schemas.ts'
import { download, onlyOutput, TestAccount } from './client.ts'
import { mediaUrl } from './media.ts'
import { Hook, setWebhook } from './webhooks.ts'

const SOUND = { input_file_keys: ['in_sound'], output_file_definitions: { out_sound: 'sound.wav' } }
const INPUT = { in_sound: mediaUrl('/tone.wav') }

/** Keeps a preset and answers the path that executes it. */
async function executionOf(account: TestAccount, preset: object): Promise<string> {
  const response = await account.send('/api/v1/presets', { name: 'A preset', ...preset })
  const { preset_id } = presetSchema.parse(await response.json())
  return `/api/v1/presets/${preset_id}/execute`
}

test('the end of an execution is told to its webhook_url, else to the account’s webhook, with the metadata of both', async () => {
  const account = await TestAccount.create()
  const [own, general] = [new Hook('200'), new Hook('200')]
  await setWebhook(account, { url: general.url })
  const path = await executionOf(account, { ...SOUND, ffmpeg_command: '-i {{in_sound}} {{out_sound}}', metadata: { team: 'audio' } })
  const told = await account.succeed({ input_files: INPUT, metadata: { order: 17 }, webhook_url: own.url }, path)
  const untold = await account.succeed({ input_files: INPUT }, path)
  const [first] = await own.arrived()
  expect(JSON.parse(first.body).data).toMatchObject({ command_id: told.command_id, metadata: { team: 'audio', order: 17 } })
  const [second] = await general.arrived()
  expect(JSON.parse(second.body).data).toMatchObject({ command_id: untold.command_id, metadata: { team: 'audio' } })
})

test('a preset may make a folder, which comes as one zip', async () => {
  const account = await TestAccount.create()
  const path = await executionOf(account, {
    input_file_keys: ['in_sound'],
    output_file_definitions: 'OUTPUT_FOLDER',
    ffmpeg_command: '-i {{in_sound}} a.wav -i {{in_sound}} b.flac',
  })
  const command = await account.succeed({ input_files: INPUT }, path)
  expect(onlyOutput(command)).toMatchObject({ filename: `${command.command_id}.zip`, file_count: 2 })
})

test('a preset may make a playlist, whose segments lie beside it', async () => {
  const account = await TestAccount.create()
  const path = await executionOf(account, {
    input_file_keys: ['in_video'],
    output_file_definitions: { out_playlist_1: 'index.m3u8' },
    ffmpeg_command: '-i {{in_video}} -c:v libx264 -preset ultrafast -c:a aac -hls_list_size 0 {{out_playlist_1}}',
  })
  const output = onlyOutput(await account.succeed({ input_files: { in_video: mediaUrl('/tiny.mp4') } }, path))
  expect(output).toMatchObject({ filename: 'index.m3u8', file_count: 2 })
  const segment = (await (await download(output.storage_url)).text()).split('\n').find((line) => line !== '' && !line.startsWith('#'))
  expect((await download(new URL(segment ?? 'none', output.storage_url).href)).status).toBe(200)
})
