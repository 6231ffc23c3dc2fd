import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { notesOn } from '../../../container/notes.ts'
import { Workspace } from '../../../container/workspace.ts'

let life: string
let workspace: Workspace

beforeEach(async () => {
  life = await mkdtemp(join(tmpdir(), 'notes-'))
  workspace = await Workspace.create(life, 'job', false)
})

afterEach(() => rm(life, { recursive: true, force: true }))

const INPUTS = { in_1: 'in_1.mp4', in_text: 'in_text.txt' }
const UNREADABLE = 'in_1.mp4: Invalid data found when processing input\n'

async function notes(command: string, contents: { video: string; text: string }, stderr = UNREADABLE): Promise<string[]> {
  await writeFile(workspace.path('in_1.mp4'), contents.video)
  await writeFile(workspace.path('in_text.txt'), contents.text)
  return notesOn({ workspace, inputs: INPUTS, archive: null }, command.split(' '), stderr)
}

test.each([
  ['a text to draw', '-i in_1.mp4 -vf drawtext=textfile=in_text.txt o.mp4', 'Hello'],
  ['a graph', '-i in_1.mp4 -filter_complex_script in_text.txt o.mp4', '[0:v]scale=2:2'],
  ['commands for a filter', '-i in_1.mp4 -vf sendcmd=f=in_text.txt o.mp4', '1 eq gamma 2;'],
])('%s is not to blame for an input that cannot be read', async (_, command, text) => {
  expect(await notes(command, { video: '\0\0media', text })).toEqual([])
  expect(await notes(command, { video: 'Access denied', text })).toEqual([
    'The input "in_1" is not media: it is text (text/plain), which begins with "Access denied"',
  ])
})

test('a file that a filter cannot read is named', async () => {
  const said = '[Parsed_subtitles_0] Unable to open in_text.txt\n'
  const command = '-i in_1.mp4 -vf subtitles=in_text.txt o.mp4'
  expect(await notes(command, { video: '\0\0media', text: '<!DOCTYPE html>' }, said)).toEqual([
    'The input "in_text" is a web page (text/html)',
  ])
})
