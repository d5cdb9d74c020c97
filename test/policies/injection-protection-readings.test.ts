import { describe, expect, test } from 'vitest'
import { judgeWith, type Given } from './harness.ts'

async function judge(given: Given, config: object = {}) {
  const result = await judgeWith({ 'injection-protection': config }, given)
  expect(result.trace.filter((entry) => entry.verdict === 'error')).toEqual([])
  return result
}
const post = (type: string, body: string | Uint8Array): Given => ({
  request: { method: 'POST', url: '/x', headers: { 'content-type': type }, body },
})
const json = (value: unknown): Given => post('application/json', JSON.stringify(value))
const query = (value: string): Given => ({ request: { url: `/x?q=${encodeURIComponent(value)}` } })

describe('code that is mentioned is not code that runs', () => {
  test.each([
    'The `type` of an entry is `system`, its `id` is kept.',
    'Send a `PING` event to a webhook by giving its identifier.',
    'Run this to build the package:\n```bash\ncat notes.txt | sort\n```\nand read on.',
    'Exit codes are read by `process.exit()` in the core of Node.js.',
    'Then load it with `require()` and call what it exports.',
    '<p>Dear Ann,</p><a href="https://example.com/x"><img src="https://example.com/y.png"></a>',
    'Requires an <a href="#authentication">API key</a> as header. Read more.',
    '| Name | Type |\n| --- | --- |\n| a | date |\n| b | sort |',
    'Tom & Touch, Java | Python',
    'date; time; place',
    'Copy (2)',
    'System (old)',
    'errors of the system (for example a full disk)',
    'size and version (see below)',
    `the boys' #1 choice of the year`,
    'Drop table reservations by email',
    '<!-- tested and updated. -->',
    'In JavaScript: The Good Parts',
    `{{ 'Save' | translate }}`,
  ])('%s', async (text) => {
    expect((await judge(json({ note: text }))).evidence).toEqual([])
  })

  test.each([
    ['command', 'x=`id`'],
    ['command', '`cat /etc/passwd`'],
    ['command', '127.0.0.1 | id'],
    ['command', 'a;busybox nc 10.0.0.1 4444'],
    ['command', '--upload-pack=touch /tmp/x'],
    ['code', 'process.exit()'],
    ['code', `system ('id')`],
    ['code', '!!python/object/apply:os.system ["id"]'],
    ['sql', `' or not false--`],
    ['sql', `1' /*!or*/ 1=1#`],
    ['sql', `9999 or /* x */ true`],
    ['xss', `"><img src=x>`],
    ['xss', `" autofocus onfocus=top[8680439..toString(30)](1) x="`],
    ['xss', `<p style="background:\\75\\72\\6c(\\6a\\61vascript:alert(1))">`],
    ['xxe', `'] | //user/*[contains(*,'`],
    ['template', '@(7*7)'],
    ['path', '..%uEFC8..%uEFC8x'],
    ['redirect', 'http://①②⑦.⓪.⓪.①/'],
    ['crlf', 'x\n[INFO] admin logged in'],
  ])('%s: %s', async (kind, text) => {
    const { evidence } = await judge(query(text))
    expect(evidence.map(({ detail }) => (detail as { class: string }).class)).toContain(kind)
  })
})

describe('values inside of values', () => {
  const attack = `1' or '1'='1`
  test.each([
    ['JSON in a query', query(JSON.stringify({ filter: [attack] }))],
    ['JSON in JSON in a body', json({ a: JSON.stringify({ b: JSON.stringify([attack]) }) })],
    ['JSON in base64', query(Buffer.from(JSON.stringify({ name: 'someone', filter: attack })).toString('base64'))],
    ['a name in JSON in a query', query('{"user":{"$ne":null}}')],
    [
      'JSON in a cookie',
      { request: { url: '/x', headers: { cookie: `f=${encodeURIComponent(JSON.stringify({ a: attack }))}` } } },
    ],
  ])('%s', async (_name, given) => {
    expect((await judge(given)).code).toBe('INJECTION_DETECTED')
  })

  test('noise in other encodings hides nothing', async () => {
    const noise = 'é &amp; \\n a+b '
    expect((await judge(query(`${noise}%2525253Cscript%2525253Ealert(1)`))).code).toBe('INJECTION_DETECTED')
  })

  test('honest JSON in a value passes', async () => {
    const text = JSON.stringify({ name: `O'Brien`, tags: ['a & b'], note: 'it is 5 > 3; or so' })
    expect((await judge(query(text))).evidence).toEqual([])
  })
})

describe('bodies that are read in another way by who is behind', () => {
  const utf16 = (text: string): Uint8Array => Buffer.from(`\uFEFF${text}`, 'utf16le')
  const form = 'application/x-www-form-urlencoded'
  test.each([
    [
      'a form with a byte that is no UTF-8',
      post(form, Buffer.concat([Buffer.from(`a=<script>alert(1)</script>&b=`), Buffer.of(0xff)])),
    ],
    ['text in Latin-1', post('text/plain', Buffer.from(`caf\u00E9 <script>alert(1)</script>`, 'latin1'))],
    [
      'XML in UTF-16',
      post('application/xml', utf16('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>')),
    ],
    [
      'XML in UTF-16 without a mark',
      post('text/xml', Buffer.from('<!DOCTYPE a SYSTEM "http://x/y.dtd"><a/>', 'utf16le')),
    ],
    ['CDATA with brackets', post('application/xml', `<a><![CDATA[x[0] <script>alert(1)</script> ]]></a>`)],
    ['CDATA that does not end', post('application/xml', `<a><![CDATA[<script>alert(1)</script>`)],
    ['the first of two members of one name', post('application/json', `{"q":"<script>alert(1)</script>","q":"ok"}`)],
    ['a text after very many', json([...Array.from({ length: 50_001 }, () => 'abc'), '<script>alert(1)</script>'])],
    ['SQL after very many signs', query(`${'('.repeat(500)}' or 1=1--`)],
  ])('%s', async (_name, given) => {
    expect((await judge(given, { bodyLimit: '4mb' })).code).toBe('INJECTION_DETECTED')
  })

  test('a part of a form in another encoding', async () => {
    const head = '--B\r\nContent-Disposition: form-data; name="t"\r\n\r\n'
    const body = Buffer.concat([
      Buffer.from(head),
      Buffer.from('caf\u00E9 <script>alert(1)</script>', 'latin1'),
      Buffer.from('\r\n--B--\r\n'),
    ])
    expect((await judge(post('multipart/form-data; boundary=B', body))).code).toBe('INJECTION_DETECTED')
  })

  test.each([
    ['application/xml', '<![CDATA['],
    ['application/xml', '<a b="'],
    ['text/plain', '`'],
    ['text/plain', '{"a":'],
    ['application/x-www-form-urlencoded', 'a=%25&'],
  ])('time is linear in the length of %s made of %s', async (type, unit) => {
    const cost = async (length: number): Promise<number> => {
      const before = process.cpuUsage()
      await judge(post(type, unit.repeat(length / unit.length)))
      const used = process.cpuUsage(before)
      return used.user + used.system
    }
    await cost(16_384)
    const [short, long] = [await cost(65_536), await cost(262_144)]
    // Four times the text; a rule that reads again what it has read takes sixteen times as long.
    expect(long).toBeLessThan(9 * short + 300_000)
  })

  test('a cookie without a name is a value', async () => {
    const { evidence } = await judge({ request: { url: '/x', headers: { cookie: 'a=b; <script>alert(1)</script>' } } })
    expect(evidence[0]).toMatchObject({ at: { in: 'cookie', name: '' }, detail: { class: 'xss' } })
  })

  test.each([
    [['image/png', 'application/json']],
    [['application/json', 'image/png']],
    [['image/png, application/json']],
  ])('a body of the types %j hides nothing behind one of them', async (types) => {
    const headers = types.map((type) => ['Content-Type', type] as const)
    const body = '{"a":"\\u003cscript>alert(1)\\u003c/script>"}'
    expect((await judge({ request: { method: 'POST', url: '/x', headers, body } })).code).toBe('INJECTION_DETECTED')
  })
})
