// tone.mts · run with: node tone.mts
import createClient from 'openapi-fetch'
import type { paths } from './openapi.ts'

const { RENDERIO: baseUrl = 'http://localhost:8787', KEY = '' } = process.env
const client = createClient<paths>({ baseUrl, headers: { 'X-API-KEY': KEY } })

const { data, error } = await client.POST('/api/v1/run-ffmpeg-command', {
  params: { header: { prefer: 'wait=60' } },
  body: { output_files: { out_sound: 'tone.mp3' }, ffmpeg_command: '-f lavfi -i sine=d=2 {{out_sound}}' },
})
if (error) throw new Error(JSON.stringify(error.detail))
if ('status' in data) console.log(data.status, data.error_message ?? data.output_files.out_sound?.storage_url)
