import { z } from '@hono/zod-openapi'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { describe, expect, test } from 'vitest'
import { newApiKey } from '../../src/api/api-key.ts'
import { fileBegunSchema, fileSchema } from '../../src/api/file-schemas.ts'
import { presetListSchema } from '../../src/api/preset-schemas.ts'
import { commandListSchema, commandSchema, submittedSchema } from '../../src/api/schemas.ts'
import { validatedSchema } from '../../src/api/submit-schemas.ts'
import { ORIGIN, request, TestAccount, until } from './client.ts'
import { mediaUrl, SHORT_TONE } from './media.ts'

const MCP = '/api/mcp'

const resultSchema = z.object({
  content: z.array(z.object({ type: z.literal('text'), text: z.string() })).length(1),
  structuredContent: z.unknown(),
  isError: z.boolean(),
})

class Agent {
  readonly #client: Client

  private constructor(client: Client) {
    this.#client = client
  }

  static async connect(apiKey: string): Promise<Agent> {
    const client = new Client({ name: 'test', version: '1' })
    const transport = new StreamableHTTPClientTransport(new URL(MCP, ORIGIN), {
      requestInit: { headers: { authorization: `Bearer ${apiKey}` } },
      fetch: (url, init) => request(String(url), init),
    })
    await client.connect(transport)
    return new Agent(client)
  }

  tools() {
    return this.#client.listTools()
  }

  async call(name: string, given: Record<string, unknown>) {
    const result = resultSchema.parse(await this.#client.callTool({ name, arguments: given }))
    expect(JSON.parse(result.content[0]?.text ?? ''), 'the text says the same').toEqual(result.structuredContent)
    return result
  }

  /** The result of a call that must succeed. */
  async ask<T extends z.ZodType>(schema: T, name: string, given: Record<string, unknown>): Promise<z.output<T>> {
    const { isError, structuredContent } = await this.call(name, given)
    expect(isError, JSON.stringify(structuredContent)).toBe(false)
    return schema.parse(structuredContent)
  }
}

const agentOf = async (account: TestAccount) => Agent.connect(account.apiKey)

describe('an agent', () => {
  test('is told of each tool what it does and what it takes', async () => {
    const { tools } = await (await agentOf(await TestAccount.create())).tools()
    expect(tools.map(({ name }) => name)).toEqual([
      'run_ffmpeg_command',
      'run_chained_ffmpeg_commands',
      'validate_command',
      'get_command',
      'list_commands',
      'cancel_command',
      'list_presets',
      'execute_preset',
      'store_file',
      'get_file',
    ])
    expect(JSON.stringify(tools), 'each stands by itself').not.toContain('$ref')
    const run = tools.find(({ name }) => name === 'run_ffmpeg_command')
    expect(run?.inputSchema.required).toEqual(['ffmpeg_command'])
    expect(Object.keys(run?.inputSchema.properties ?? {})).toEqual(
      expect.arrayContaining(['wait', 'input_files', 'output_files', 'metadata', 'webhook_url']),
    )
    expect(tools.find(({ name }) => name === 'get_command')?.inputSchema.required).toEqual(['command_id'])
    const chain = tools.find(({ name }) => name === 'run_chained_ffmpeg_commands')
    expect(chain?.inputSchema.required).toEqual(['ffmpeg_commands'])
  })

  test('is given schemas that clients of any age take: no list of types, and no null among alternatives', async () => {
    const { tools } = await (await agentOf(await TestAccount.create())).tools()
    expect(JSON.stringify(tools.map(({ inputSchema }) => inputSchema))).not.toMatch(/"type":\[|"type":"null"/)
    const run = tools.find(({ name }) => name === 'run_ffmpeg_command')
    expect(run?.inputSchema.properties).toMatchObject({ max_command_run_seconds: { type: 'number' }, webhook_url: { type: 'string' } })
  })

  test('runs a command and waits for its end', async () => {
    const agent = await agentOf(await TestAccount.create())
    const command = await agent.ask(commandSchema, 'run_ffmpeg_command', { ...SHORT_TONE, wait: 50 })
    expect(command.status).toBe('SUCCESS')
    expect(await agent.ask(commandSchema, 'get_command', { command_id: command.command_id })).toMatchObject({ status: 'SUCCESS' })
    // The account learns of an end a moment after who waits for it.
    await until(
      'it is listed',
      async () => (await agent.ask(commandListSchema, 'list_commands', { limit: 1, status: 'SUCCESS' })).total === 1,
    )
  })

  test('runs a chain, and cancels what takes too long', async () => {
    const agent = await agentOf(await TestAccount.create())
    const chain = { output_files: { out_tone: 'tone.flac' }, ffmpeg_commands: ['-f lavfi -i sine=d=0.1 a.wav', '-i a.wav {{out_tone}}'] }
    expect(await agent.ask(commandSchema, 'run_chained_ffmpeg_commands', { ...chain, wait: 50 })).toMatchObject({ status: 'SUCCESS' })
    const endless = { output_files: { out_tone: 'tone.wav' }, ffmpeg_command: '-re -f lavfi -i sine {{out_tone}}' }
    const { command_id } = await agent.ask(submittedSchema, 'run_ffmpeg_command', endless)
    expect(await agent.ask(commandSchema, 'cancel_command', { command_id })).toMatchObject({ status: 'FAILED', error_status: 'CANCELLED' })
  })

  test('checks a command without running it', async () => {
    const account = await TestAccount.create()
    const agent = await agentOf(account)
    expect((await agent.ask(validatedSchema, 'validate_command', SHORT_TONE)).commands).toHaveLength(1)
    expect((await account.list()).total).toBe(0)
  })

  test('finds a preset and executes it', async () => {
    const agent = await agentOf(await TestAccount.create())
    const { presets } = await agent.ask(presetListSchema, 'list_presets', {})
    const preset = presets.find(({ name }) => name.includes('MP3'))
    const given = { preset_id: preset?.preset_id, input_files: { in_media: mediaUrl('/tone.wav') }, wait: 50 }
    expect(await agent.ask(commandSchema, 'execute_preset', given)).toMatchObject({ status: 'SUCCESS' })
  })

  test('stores a file and reads what is in it', async () => {
    const agent = await agentOf(await TestAccount.create())
    const { file_id } = await agent.ask(fileBegunSchema, 'store_file', { file_url: mediaUrl('/tone.wav') })
    const file = await until('an executor has looked into the file', async () => {
      const read = await agent.ask(fileSchema, 'get_file', { file_id })
      return read.duration !== null && read
    })
    expect(file).toMatchObject({ status: 'STORED', duration: 1 })
  })
})

describe('what goes wrong is told to the agent as it would be to a client', () => {
  test.each([
    [
      'a command that the policy refuses',
      'run_ffmpeg_command',
      { ...SHORT_TONE, ffmpeg_command: '-i /etc/passwd {{out_tone}}' },
      'VALIDATION_ERROR',
      /passwd/,
    ],
    ['an argument of the wrong type', 'run_ffmpeg_command', { ...SHORT_TONE, input_files: 7 }, 'VALIDATION_ERROR', /input_files/],
    ['an id that is none', 'get_command', { command_id: 'x/../y' }, 'NOT_FOUND', /no command/],
    ['an id that would be another route', 'get_command', { command_id: '..' }, 'NOT_FOUND', /no command/],
    ['a missing id', 'get_command', {}, 'NOT_FOUND', /no command/],
    ['a page out of range', 'list_commands', { limit: 1000 }, 'INVALID_REQUEST', /limit/],
  ])('%s', async (_, tool, given, error, message) => {
    const { isError, structuredContent } = await (await agentOf(await TestAccount.create())).call(tool, given)
    expect(isError).toBe(true)
    expect(structuredContent).toMatchObject({ error, message: expect.stringMatching(message) })
  })

  test('another account’s command is one that does not exist', async () => {
    const [owner, other] = [await TestAccount.create(), await TestAccount.create()]
    const command_id = await owner.submit(SHORT_TONE)
    const agent = await agentOf(other)
    for (const tool of ['get_command', 'cancel_command']) {
      expect((await agent.call(tool, { command_id })).structuredContent).toMatchObject({ error: 'NOT_FOUND' })
    }
    expect((await owner.ended(command_id)).status).toBe('SUCCESS')
  })

  test('a tool that there is not is an error of the protocol', async () => {
    const agent = await agentOf(await TestAccount.create())
    await expect(agent.call('delete_everything', {})).rejects.toThrow(/no tool delete_everything/)
  })

  test('an unknown key is a 401, and other methods a 405', async () => {
    await expect(Agent.connect(newApiKey())).rejects.toThrow()
    const account = await TestAccount.create()
    const answers = await Promise.all([
      request(MCP, { method: 'POST', body: '{}' }),
      account.request(MCP),
      account.request(MCP, { method: 'DELETE' }),
    ])
    expect(answers.map(({ status }) => status)).toEqual([401, 405, 405])
  })
})

test('a page that is too large for an agent is refused, and says how to get less', async () => {
  const account = await TestAccount.create()
  const metadata = { note: 'x'.repeat(100_000) }
  const preset = {
    name: 'large',
    input_file_keys: [],
    output_file_definitions: { out_a: 'a.png' },
    ffmpeg_command: '-f lavfi -i color {{out_a}}',
    metadata,
  }
  for (let n = 0; n < 6; n++) expect((await account.send('/api/v1/presets', preset)).status).toBe(201)
  const agent = await agentOf(account)
  const refused = await agent.call('list_presets', { limit: 6 })
  expect(refused).toMatchObject({
    isError: true,
    structuredContent: { error: 'INVALID_REQUEST', message: expect.stringContaining('by limit') },
  })
  expect((await agent.call('list_presets', { limit: 1 })).isError).toBe(false)
})
