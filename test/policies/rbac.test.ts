import { describe, expect, it } from 'vitest'
import { judgeWith } from './harness.ts'

const allow = {
  reader: ['GET'],
  editor: [{ methods: ['GET', 'PATCH'], paths: ['/books/{id}', '/drafts/*'] }],
  admin: ['*'],
  binder: [{ methods: ['GET'], paths: ['/bücher/{id}', '/two words'] }],
  '*': [{ methods: ['GET'], paths: ['/about'] }],
}

const as = (groups: string[], method: string, url: string, config: object = {}) =>
  judgeWith({ rbac: { allow, ...config } }, { consumer: { name: 'ada', groups }, request: { method, url } })

describe('the matrix', () => {
  it.each<[string, string[], string, string, boolean]>([
    ['a reader reads', ['reader'], 'GET', '/books', true],
    ['a GET allows HEAD', ['reader'], 'HEAD', '/books', true],
    ['a reader does not write', ['reader'], 'PATCH', '/books/1', false],
    ['an editor writes one book', ['editor'], 'PATCH', '/books/1', true],
    ['not the list of books', ['editor'], 'PATCH', '/books', false],
    ['nor a book without a name', ['editor'], 'PATCH', '/books/', false],
    ['nor what is below a book', ['editor'], 'PATCH', '/books/1/price', false],
    ['everything below drafts', ['editor'], 'PATCH', '/drafts/a/b', true],
    ['drafts itself', ['editor'], 'PATCH', '/drafts', true],
    ['not what only begins alike', ['editor'], 'PATCH', '/draftsmen', false],
    ['an admin does all', ['admin'], 'DELETE', '/anything', true],
    ['a second role counts', ['nothing', 'admin'], 'DELETE', '/anything', true],
    ['what is for everyone', ['guest'], 'GET', '/about', true],
    ['a role called * is no role', ['*'], 'GET', '/books', false],
    ['no role, nothing', [], 'GET', '/books', false],
    ['letters beyond ASCII as requests spell them', ['binder'], 'GET', '/b%C3%BCcher/7', true],
    ['a space as requests spell it', ['binder'], 'GET', '/two%20words', true],
    ['methods have a case', ['reader'], 'get', '/books', false],
    ['a role called like a method of objects', ['constructor', '__proto__'], 'GET', '/books', false],
  ])('%s', async (_name, groups, method, url, passes) => {
    expect(await as(groups, method, url)).toMatchObject({
      verdict: passes ? 'pass' : 'deny',
      code: passes ? undefined : 'ROLE_NOT_ALLOWED',
      problems: [],
    })
  })
})

describe('a method that the request names besides its own has to be allowed too: many frameworks act on it', () => {
  const both = { clerk: ['GET', 'POST'], admin: ['*'] }
  it.each<[role: string, method: string, name: string, value: string, passes: boolean]>([
    ['clerk', 'POST', 'X-HTTP-Method-Override', 'DELETE', false],
    ['clerk', 'POST', 'x-http-method-override', 'delete', false],
    ['clerk', 'POST', 'X_HTTP_Method_Override', 'DELETE', false],
    ['clerk', 'POST', 'X-HTTP-Method', 'PATCH', false],
    ['clerk', 'GET', 'X-Method-Override', 'PUT', false],
    ['clerk', 'POST', 'X-HTTP-Method-Override', 'POST, DELETE', false],
    ['clerk', 'POST', 'X-HTTP-Method-Override', ' GET ', true],
    ['clerk', 'POST', 'X-HTTP-Method-Override', 'post', true],
    ['clerk', 'POST', 'X-HTTP-Method-Override', '', true],
    ['clerk', 'POST', 'X-HTTP-Method-Overrides', 'DELETE', true],
    ['admin', 'POST', 'X-HTTP-Method-Override', 'DELETE', true],
  ])('%s: %s, %s: %s', async (role, method, name, value, passes) => {
    const request = { method, url: '/books', headers: { [name]: value } }
    const result = await judgeWith({ rbac: { allow: both } }, { consumer: { name: 'ada', groups: [role] }, request })
    expect(result.code).toBe(passes ? undefined : 'ROLE_NOT_ALLOWED')
  })

  it('says which, and who may', async () => {
    const request = { method: 'POST', headers: { 'X-HTTP-Method-Override': 'DELETE' } }
    const given = { consumer: { name: 'ada', groups: ['clerk'] }, request }
    const { evidence } = await judgeWith({ rbac: { allow: both } }, given)
    expect(evidence).toEqual([
      {
        at: { in: 'consumer' },
        observed: ['clerk'],
        expected: 'one of the roles admin for DELETE, which the request names besides its own method',
      },
    ])
  })
})

it('says which roles there are and which one would do', async () => {
  const { evidence } = await as(['reader'], 'PATCH', '/books/7')
  expect(evidence).toEqual([
    {
      at: { in: 'consumer' },
      observed: ['reader'],
      expected: 'one of the roles editor, admin for PATCH',
      detail: { method: 'PATCH', path: '/books/7' },
    },
  ])
})

it('asks who calls when nobody was found', async () => {
  const result = await judgeWith({ rbac: { allow } }, {})
  expect(result).toMatchObject({ status: 401, code: 'NOT_AUTHENTICATED' })
  expect(result.response.headers.has('www-authenticate')).toBe(true)
})

describe('roles', () => {
  const claims = { realm_access: { roles: ['admin'] }, role: 'reader editor', 'https://a.example/roles': ['admin'] }
  it.each<[string, object, boolean]>([
    ['from a path of claims', { claim: 'realm_access.roles' }, true],
    ['from a claim whose name has dots', { claim: 'https://a.example/roles' }, true],
    ['from words', { claim: 'role' }, false],
    ['from several claims', { claim: ['role', 'realm_access.roles'] }, true],
    ['not from the groups when a claim is named', { claim: 'none' }, false],
    ['from the consumer', { by: 'consumer' }, false],
  ])('%s', async (_name, config, passes) => {
    const consumer = { name: 'ada', groups: ['admin'] }
    const request = { method: 'DELETE', url: '/books/1' }
    const result = await judgeWith({ rbac: { allow, ...config } }, { consumer, claims, request })
    expect(result.verdict).toBe(passes ? 'pass' : 'deny')
  })

  it('can be the consumer itself', async () => {
    const result = await judgeWith(
      { rbac: { allow: { ada: ['GET'] }, by: 'consumer' } },
      { consumer: { name: 'ada', groups: [] } },
    )
    expect(result.verdict).toBe('pass')
  })
})

it.each(['/a/*/b', '/a/{id', '/a/{id}.json', '/a*'])('refuses the template %s', async (path) => {
  const { problems } = await as(['reader'], 'GET', '/', { allow: { 'a/b': [{ methods: ['GET'], paths: [path] }] } })
  expect(problems).toMatchObject([{ pointer: '/allow/a~1b', code: 'BAD_VALUE' }])
})
