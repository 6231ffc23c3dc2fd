import { describe, expect, test } from 'vitest'
import { createApp } from '../../src/app.ts'
import { DOCUMENT_SHA256 } from '../client/openapi.ts'
import { request } from './client.ts'
import { Contract, contract } from './contract.ts'

const held = await contract()
const operations = held.operations().map((entry) => [`${entry.method.toUpperCase()} ${entry.path}`, entry] as const)

/** What no client is meant to find in the document. */
const UNDOCUMENTED = /^\w+ (\/openapi\.json|\/llms\.txt|\/files\/.*|\/api\/mcp|\/v1\/.*)$/

describe('the OpenAPI document', () => {
  test('is of version 3.1, and has every route of the app', () => {
    expect(held.document.openapi).toMatch(/^3\.1\./)
    // A licence has an SPDX identifier or a URL, and validators want one of them.
    expect(held.document).toMatchObject({ info: { license: { name: 'MIT', identifier: 'MIT' } } })
    const documented = new Set<string>(operations.map(([name]) => name))
    const routes = createApp()
      .routes.filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
    expect(operations.length).toBeGreaterThan(25)
    expect([...new Set(routes)].filter((route) => !documented.has(route) && !UNDOCUMENTED.test(route))).toEqual([])
  })

  test('is the one that the types of the client are made from: npm run client', async () => {
    const served = await (await request('/openapi.json')).arrayBuffer()
    const digest = await crypto.subtle.digest('SHA-256', served)
    expect([...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')).toBe(DOCUMENT_SHA256)
  })

  test('gives every operation an id of its own', () => {
    const ids = operations.map(([, { operation }]) => operation.operationId)
    expect(ids.filter((id) => !/^[a-z][A-Za-z]+$/.test(id ?? ''))).toEqual([])
    expect(new Set(ids).size).toBe(ids.length)
  })
})

test('/llms.txt has every operation in a line', async () => {
  const response = await request('/llms.txt')
  expect(response.headers.get('content-type')).toMatch(/^text\/plain/)
  const lines = (await response.text()).split('\n')
  for (const [name, { operation }] of operations) expect(lines).toContain(`- \`${name}\`: ${operation.summary}`)
})

describe('an operation of the document', () => {
  test.each(operations)('%s says what it is, and shows a body that its own schema takes', (_, { method, path, operation }) => {
    expect(operation.summary).toMatch(/\S/)
    expect(operation.description).toMatch(/\S/)
    const tags = held.document.tags?.map(({ name }) => name) ?? []
    expect(operation.tags?.filter((tag) => tags.includes(tag))).toHaveLength(1)
    const media = operation.requestBody?.content['application/json']
    if (!media) return
    const example = media.example ?? exampleOf(media.schema)
    expect(example, 'an example of the body').toBeDefined()
    expect(held.faults(['paths', path, method, 'requestBody', 'content', 'application/json', 'schema'], example)).toBeNull()
  })

  test.each(operations)('%s has schemas that are valid, of formats that are known', (_, { method, path, operation }) => {
    for (const [status, { content = {} }] of Object.entries(operation.responses)) {
      for (const type of Object.keys(content)) {
        expect(() => held.faults(['paths', path, method, 'responses', status, 'content', type, 'schema'], null)).not.toThrow()
      }
    }
  })
})

describe('an answer is refused by the tests', () => {
  const poll = `/api/v1/commands/${crypto.randomUUID()}`
  const error = { detail: 'x', error: 'NOT_FOUND', message: 'x' }
  test.each([
    ['a status that is not listed', 'GET', poll, Response.json(error, { status: 418 })],
    ['a body of another shape', 'GET', poll, Response.json({ detail: 'x' }, { status: 404 })],
    ['a field that is not documented', 'GET', poll, Response.json({ ...error, more: 1 }, { status: 404 })],
    ['a value of another format', 'POST', '/api/v1/run-multiple-ffmpeg-commands', Response.json({ command_ids: ['1'] })],
    ['another content type', 'GET', poll, new Response('x', { status: 404, headers: { 'content-type': 'text/plain' } })],
    ['success where there is no operation', 'GET', '/api/v1/nothing', new Response('x')],
  ])('for %s', async (_, method, path, answer) => {
    await expect(held.check(method, path, answer)).rejects.toThrow(path)
  })

  test('and taken when it is as promised', async () => {
    await held.check('GET', poll, Response.json(error, { status: 404 }))
    await held.check('GET', '/api/v1/nothing', Response.json(error, { status: 404 }))
  })

  test('and an unknown format is no document at all', () => {
    const schema = { type: 'string', format: 'colour' }
    const paths = { '/x': { get: { responses: { 200: { description: 'x', content: { 'application/json': { schema } } } } } } }
    const strange = new Contract({ openapi: '3.1.0', paths })
    expect(() => strange.faults(['paths', '/x', 'get', 'responses', '200', 'content', 'application/json', 'schema'], 'x')).toThrow('colour')
  })
})

/** Of a body's schema, or of the component that it refers to. */
function exampleOf(schema: unknown): unknown {
  if (typeof schema !== 'object' || schema === null) return undefined
  if ('example' in schema) return schema.example
  if (!('$ref' in schema) || typeof schema.$ref !== 'string') return undefined
  return exampleOf(schema.$ref.slice(2).split('/').reduce(step, held.document))
}

function step(node: unknown, name: string): unknown {
  return typeof node === 'object' && node !== null ? Object.entries(node).find(([key]) => key === name)?.[1] : undefined
}
