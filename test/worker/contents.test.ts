import { env } from 'cloudflare:workers'
import { describe, expect, test } from 'vitest'
import { TestAccount } from './client.ts'
import { FilesClient } from './files-client.ts'
import { answering, copyOf } from './media.ts'

const PAGE = '<!DOCTYPE html><html><head><title>A video</title></head><body>Play</body></html>'

/** Until FFmpeg starts, there is no log. */
async function refused(account: TestAccount, submit: object): Promise<string> {
  const command = await account.run(submit)
  expect(command).toMatchObject({ status: 'FAILED', error_status: 'UNREACHABLE_INPUT_FILE' })
  expect(await account.log(command.command_id)).toBe('')
  return command.error_message ?? ''
}

describe('an input that is no media is named as what it is before FFmpeg starts', () => {
  test.each([
    [
      'a page under the name of a video',
      answering('video.mp4', PAGE),
      /^the input "in_file" is a web page \(text\/html\), not media: 127\.0\.0\.1:\d+ answered with HTML; use a direct link/,
    ],
    ['nothing', answering('video.mp4', '', { type: 'video/mp4' }), /^the input "in_file" is empty$/],
    [
      'a playlist without an extension',
      answering('live', '#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/a.ts\n', { type: 'video/mp4' }),
      /is an HLS playlist.*input_compressed_folder/,
    ],
    [
      'an error in JSON under the name of a picture',
      answering('logo.png', '{"error":"no such file"}', { type: 'application/json' }),
      /is JSON .*answered with "no such file"/,
    ],
  ])('%s', async (_, url, message) => {
    expect(await refused(await TestAccount.create(), copyOf(url))).toMatch(message)
  })

  test('also of a page that no -i reads', async () => {
    const submit = {
      input_files: { in_file: `${env.MEDIA_URL}/tiny.mp4`, in_s: answering('sub.srt', PAGE) },
      output_files: { out_file: 'o.mp4' },
      ffmpeg_command: '-i {{in_file}} -vf subtitles={{in_s}} {{out_file}}',
    }
    expect(await refused(await TestAccount.create(), submit)).toMatch(/^the input "in_s" is a web page/)
  })

  test('also of an archive', async () => {
    const submit = {
      input_compressed_folder: answering('kit.zip', PAGE),
      output_files: { out_file: 'o.wav' },
      ffmpeg_command: '-i a.wav {{out_file}}',
    }
    expect(await refused(await TestAccount.create(), submit)).toMatch(
      /^input_compressed_folder is a web page \(text\/html\), not a zip archive/,
    )
  })
})

test('a file that is uploaded as a page is one as an input', async () => {
  const account = await TestAccount.create()
  const file = await new FilesClient(account).upload(PAGE, 'page.html')
  expect(await refused(account, copyOf(file.storage_url))).toMatch(
    /^the input "in_file" is a web page .* the stored file page\.html holds HTML/,
  )
})

test('a page is not stored from a URL, whatever it is called', async () => {
  const files = new FilesClient(await TestAccount.create())
  const file = await files.settled((await files.storeFile(answering('video.mp4', PAGE))).file_id)
  expect(file).toMatchObject({ status: 'FAILED', error_status: 'UNREACHABLE_INPUT_FILE', mime_type: null })
  expect(file.error_message).toMatch(/^the file is a web page \(text\/html\), not media/)
  expect(await files.stored()).toEqual([])
})

test('a media file is read whatever its server calls it', async () => {
  const account = await TestAccount.create()
  const text = '1\n00:00:00,000 --> 00:00:01,000\nHello\n'
  const { status } = await account.run({
    input_files: { in_s: answering('sub.srt', text) },
    output_files: { out_s: 's.vtt' },
    ffmpeg_command: '-i {{in_s}} {{out_s}}',
  })
  expect(status).toBe('SUCCESS')
})

test.each([
  [
    'the reason that a storage gives',
    answering('a.mp4', '<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>', {
      code: 403,
      type: 'application/xml',
    }),
    /answered 403 Forbidden \(AccessDenied: Request has expired\); the link has expired: make a new one$/,
  ],
  ['nothing of a page', answering('a.mp4', PAGE, { code: 403 }), /answered 403 Forbidden; the file must be readable without signing in/],
  [
    'what a # does',
    `${env.MEDIA_URL}/says/404/my video (1) été #2.mp4`,
    /answered 404 Not Found; what follows the "#" in the URL was not sent: .*write %23/,
  ],
])('a server that refuses is quoted: %s', async (_, url, message) => {
  expect(await refused(await TestAccount.create(), copyOf(url))).toMatch(message)
})
