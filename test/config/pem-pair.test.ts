import { createPrivateKey } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadWorkspace } from '../../gateway-core/config/load.ts'
import { ensureLocalCa, hostLeafFor } from '../../gateway-core/proxy/local-ca.ts'
import { workspaceFolder } from '../gateway-fixture.ts'

const place = workspaceFolder({})
afterAll(() => place.remove())
const files: Record<string, string> = {}
beforeAll(async () => {
  const ca = await ensureLocalCa(place.folder)
  const leaf = await hostLeafFor(ca, 'a.example')
  const other = await hostLeafFor(ca, 'b.example')
  const encrypted = createPrivateKey(leaf.key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  })
  Object.assign(files, {
    'leaf.pem': leaf.certificate,
    'leaf.key': leaf.key,
    'other.key': other.key,
    'encrypted.key': encrypted,
    'broken.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  })
})

test.each([
  ['certificate: leaf.pem, key: leaf.key', []],
  ['certificate: leaf.pem, key: other.key', ['this private key is not that of the certificate']],
  ['certificate: leaf.pem, key: encrypted.key', ['this private key is under a passphrase']],
  ['certificate: leaf.pem, key: leaf.pem', ['this is no private key that can be read']],
  ['certificate: broken.pem, key: leaf.key', ['this is no certificate that can be read']],
  ['certificate: leaf.pem', ['"certificate" needs "key" beside it']],
])('%s', async (pair, said) => {
  const yaml = `gatehouse: 1
listen: { https: { address: 127.0.0.1:8443, ${pair}, clientCa: CA } }
upstreams: { a: { url: https://a.example, tls: { ${pair}, ca: CA } } }
apis: [{ name: a, upstream: a }]
`
  for (const [ca, more] of [
    ['leaf.pem', []],
    ['broken.pem', ['this is no certificate that can be read']],
  ] as const) {
    const overlay = new Map(Object.entries({ ...files, 'gatehouse.yaml': yaml.replaceAll('CA', ca) }))
    const { problems } = await loadWorkspace(place.folder, { overlay, readOnly: true, env: {} })
    const told = problems.map(({ line, message }) => `${line} ${message}`).sort()
    expect(told).toEqual([2, 3].flatMap((line) => [...said, ...more].map((message) => `${line} ${message}`)).sort())
  }
})
