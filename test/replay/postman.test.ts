import { describe, expect, it } from 'vitest'
import type { ReplayRequest } from '../../gateway-core/protocol/replay-request.ts'
import { httpTextOf } from '../../gateway-core/replay/http-file-text.ts'
import { importRequests } from '../../gateway-core/replay/import/import.ts'

const read = (text: string, name = 'pasted') => importRequests(text, { name })
const told = (text: string) => read(text).problems.map(({ what }) => what)
const headersOf = ({ headers }: ReplayRequest) => headers.map(({ name, value }) => `${name}: ${value}`)
const textOf = ({ body }: ReplayRequest) => (body?.kind === 'text' ? body.text : body)

describe('a Postman collection', () => {
  const collection = {
    info: { name: 'Shop', schema: 'https://schema.getpostman.com/json/collection/v2.1.0/collection.json' },
    variable: [{ key: 'base', value: 'http://h' }],
    auth: { type: 'bearer', bearer: [{ key: 'token', value: '{{token}}' }] },
    event: [{ listen: 'prerequest', script: { exec: ['pm.environment.set("x", 1)'] } }],
    item: [
      {
        name: 'Books',
        item: [
          {
            name: 'one',
            event: [
              { listen: 'test', script: { exec: ['pm.test("ok")'] } },
              { listen: 'test', script: { exec: [''] } },
            ],
            request: {
              method: 'GET',
              header: [
                { key: 'A', value: 'b' },
                { key: 'Off', value: '1', disabled: true },
              ],
              url: { raw: '{{base}}/books/:id?x=1', variable: [{ key: 'id', value: '3' }] },
            },
          },
          {
            name: 'form',
            request: {
              auth: {
                type: 'apikey',
                apikey: [
                  { key: 'key', value: 'X-Key' },
                  { key: 'value', value: 'k' },
                ],
              },
              method: 'POST',
              url: 'http://h/form',
              body: {
                mode: 'urlencoded',
                urlencoded: [
                  { key: 'a b', value: '{{v}}&' },
                  { key: 'no', value: '', disabled: true },
                ],
              },
            },
          },
        ],
      },
      {
        name: 'raw',
        request: {
          auth: { type: 'noauth' },
          method: 'put',
          url: { host: ['h'], path: ['a', 'b'], protocol: 'https' },
          body: { mode: 'raw', raw: '{}', options: { raw: { language: 'json' } } },
        },
      },
      { name: 'strange', request: { url: 'http://h', auth: { type: 'ntlm', ntlm: [] }, body: { mode: 'smoke' } } },
      { name: 'nothing' },
    ],
  }

  it('is read with folders, variables, authorization and bodies', () => {
    const { requests, variables, kind } = read(JSON.stringify(collection))
    expect(kind).toBe('postman')
    expect([...variables]).toEqual([
      ['base', 'http://h'],
      ['id', '3'],
    ])
    expect(
      requests.map(({ name, request }) => [name, request.method, request.url, headersOf(request), textOf(request)]),
    ).toEqual([
      ['Books / one', 'GET', '{{base}}/books/{{id}}?x=1', ['Authorization: Bearer {{token}}', 'A: b', 'Off: 1'], null],
      [
        'Books / form',
        'POST',
        'http://h/form',
        ['X-Key: k', 'Content-Type: application/x-www-form-urlencoded'],
        'a%20b={{v}}%26',
      ],
      ['raw', 'PUT', 'https://h/a/b', ['Content-Type: application/json'], '{}'],
      ['strange', 'GET', 'http://h', [], null],
    ])
  })

  it('names what is not taken', () => {
    expect(told(JSON.stringify(collection))).toEqual([
      'the pre-request script of "the collection" is not taken',
      'the test script of "Books / one" is not taken',
      'the body of "strange" has the mode "smoke", which is not taken',
      'the authorization "ntlm" of "strange" is not taken',
      '"nothing" has no request, and is left out',
    ])
  })
})

describe('a Postman collection as people have them', () => {
  const files: Record<string, string> = { 'data.json': '{"a":"{{x}}"}' }
  const importOne = (request: object) => {
    const from = { name: 'a.json', read: (path: string) => (path in files ? Buffer.from(files[path]!) : undefined) }
    const found = importRequests(JSON.stringify({ item: [{ name: 'it', request }] }), from)
    return { request: found.requests[0]!.request, problems: found.problems.map(({ what }) => what) }
  }
  const form = (...formdata: object[]) => ({ method: 'POST', url: 'http://h', body: { mode: 'formdata', formdata } })

  it('files of a form are read, or named to be read when it is sent', () => {
    const { request, problems } = importOne(
      form(
        { key: 'cover', type: 'file', src: '/C:/Users/me/cover.png' },
        { key: 'meta', type: 'text', value: '{{m}}', contentType: 'application/json' },
      ),
    )
    const boundary = /boundary=(.*)$/.exec(headersOf(request)[0]!)![1]!
    expect(request.body).toEqual({
      kind: 'text',
      files: true,
      text: `--${boundary}\r\nContent-Disposition: form-data; name="cover"; filename="cover.png"\r\nContent-Type: image/png\r\n\r\n< cover.png\r\n--${boundary}\r\nContent-Disposition: form-data; name="meta"\r\nContent-Type: application/json\r\n\r\n{{m}}\r\n--${boundary}--\r\n`,
    })
    expect(problems).toEqual(['the body of "it" has the file cover.png'])
    const found = importOne(form({ key: 'f', type: 'file', src: ['/tmp/data.json'] }))
    expect(found.problems).toEqual([])
    // What stands in a file is no variable.
    expect(found.request.body).toMatchObject({ kind: 'bytes' })
  })

  it.each<[string, object, Partial<ReplayRequest>]>([
    [
      'a token that was fetched',
      { url: '{{base}}/a', auth: { type: 'oauth2', oauth2: [{ key: 'accessToken', value: '{{token}}' }] } },
      { headers: [{ name: 'Authorization', value: 'Bearer {{token}}' }] },
    ],
    [
      'a pair with variables',
      {
        url: 'http://h',
        auth: {
          type: 'basic',
          basic: [
            { key: 'username', value: '{{user}}' },
            { key: 'password', value: 'p' },
          ],
        },
      },
      { headers: [{ name: 'Authorization', value: 'Basic {{user}}:p' }] },
    ],
    ['a URL without a scheme', { url: 'h.example/a' }, { url: 'http://h.example/a' }],
    [
      'GraphQL whose variables are no JSON yet',
      { url: 'http://h', body: { mode: 'graphql', graphql: { query: 'query { a }', variables: '{"n": {{n}}}' } } },
      { body: { kind: 'text', text: '{\n  "query": "query { a }",\n  "variables": {"n": {{n}}}\n}' } },
    ],
  ])('%s', (_, request, expected) => {
    expect(importOne(request)).toMatchObject({ request: expected, problems: [] })
  })

  it('what a test script takes and wants is taken, where it is understood', () => {
    const script = [
      'const j = pm.response.json();',
      'pm.environment.set("token", j.token);',
      'pm.response.to.have.status(201);',
    ]
    const item = (exec: string[]) => ({
      name: 'it',
      event: [{ listen: 'test', script: { exec } }],
      request: 'http://h',
    })
    const { requests, problems } = read(JSON.stringify({ item: [item(script), item(['pm.sendRequest("x")'])] }))
    expect(requests.map(({ handler }) => handler)).toEqual([{ captures: { token: '/token' }, status: 201 }, undefined])
    expect(problems).toHaveLength(1)
    expect(httpTextOf(requests.slice(0, 1))).toContain('\n> {%\n  client.global.set("token", response.body.token);\n')
  })

  it('an environment is told from a collection', () => {
    const text = JSON.stringify({ values: [{ key: 'a', value: 'b' }], _postman_variable_scope: 'environment' })
    expect(told(text)).toEqual(['this is an environment of Postman, which holds no request'])
  })
})
