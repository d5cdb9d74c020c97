import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadWorkspace } from '../../gateway-core/config/load.ts'
import { openGateway } from '../../gateway-core/workbench/open-gateway.ts'
import { workspaceFolder } from '../gateway-fixture.ts'

const yaml = `gatehouse: 1
listen: { http: "127.0.0.1:0" }
upstreams: { up: http://127.0.0.1:1 }
consumers:
  - { name: app, keys: [cAnaryKeyOfAConsumer] }
  - { name: other, keys: ["\${env:OTHER}"] }
apis:
  - name: t
    policies:
      - any-of:
          - key-auth: { header: X-Key }
          - jwt-auth: { secret: cAnarySecretAtTheTopOfThePolicy0123456789 }
      - jwt-auth:
          name: several
          issuers:
            - { issuer: a, secret: cAnarySecretOfOneIssuer0123456789abcdef }
            - { issuer: b, secret: "\${env:OTHER}" }
    routes: [{ path: "/*", upstream: up }]
`

test('secrets that stand in files in clear are told, and kept sealed with the files of a revision', async () => {
  const place = workspaceFolder({ 'gatehouse.yaml': yaml })
  const env = { OTHER: 'a secret by reference, long enough for HS256' }
  const { workspace, problems } = await loadWorkspace(place.folder, { env })
  const told = problems.filter(({ code }) => code === 'SECRET_IN_CLEAR')
  expect(told.map(({ line, severity }) => [line, severity])).toEqual([
    [5, 'warning'],
    [12, 'warning'],
    [16, 'warning'],
  ])
  const gateway = await openGateway({ workspace: workspace!, env, capture: true, onTrouble: () => undefined })
  await gateway.close(0)
  const files = readdirSync(join(place.folder, '.gatehouse')).map((name) => join(place.folder, '.gatehouse', name))
  const kept = files.map((file) => readFileSync(file, 'latin1')).join('')
  expect(kept).toContain('jwt-auth: { secret:')
  expect(kept).not.toContain('cAnary')
  expect(statSync(join(place.folder, '.gatehouse', 'captures.db')).mode & 0o777).toBe(0o600)
  place.remove()
})
