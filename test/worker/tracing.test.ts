/** What an operator sees of a command in a trace. */
import { tracing } from 'cloudflare:workers'
import { expect, onTestFinished, test, vi } from 'vitest'
import { TestAccount } from './client.ts'
import { copyOf, mediaUrl } from './media.ts'

test('every stage of a command is a span with the command’s id', async () => {
  const spans: string[] = []
  const { enterSpan } = tracing
  const spy = vi.spyOn(tracing, 'enterSpan').mockImplementation((name, work, ...args) =>
    enterSpan.call(
      tracing,
      name,
      (span) => {
        vi.spyOn(span, 'setAttributes').mockImplementation((attributes) => {
          spans.push(`${name} ${attributes.command_id}`)
          return span
        })
        return work(span, ...args)
      },
      ...args,
    ),
  )
  onTestFinished(() => spy.mockRestore())
  const account = await TestAccount.create()
  const { command_id } = await account.succeed(copyOf(mediaUrl('/tone.wav')))
  for (const stage of ['downloading', 'ffmpeg', 'uploading', 'ended']) {
    await vi.waitFor(() => expect(spans).toContain(`command.${stage} ${command_id}`))
  }
})
