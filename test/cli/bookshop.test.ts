import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadWorkspace } from '../../gateway-core/config/load.ts'
import { policies } from '../../gateway-core/policies/index.ts'
import { readCurl } from '../samples/curl.ts'
import { cli, folderWith, freePort, killServing, type Serving, serving } from './cli.ts'

const projectRoot = dirname(dirname(import.meta.dirname))
const samples = join(projectRoot, 'samples')

/** A fresh clone of the bookshop on free ports, so that this test disturbs nobody who runs the sample. */
async function freshBookshop(root: string): Promise<{ folder: string; env: Record<string, string> }> {
  const folder = join(root, 'bookshop')
  const skip = new Set(['.gatehouse', 'secrets.enc.yaml'])
  cpSync(join(samples, 'bookshop'), folder, { recursive: true, filter: (path) => !skip.has(path.split('/').at(-1)!) })
  symlinkSync(join(projectRoot, 'node_modules'), join(root, 'node_modules'))
  const [upstream, identity] = [await freePort(), await freePort()]
  const file = join(folder, 'gatehouse.yaml')
  const moved = readFileSync(file, 'utf8').replaceAll(':9001', `:${upstream}`).replaceAll(':9100', `:${identity}`)
  writeFileSync(file, moved)
  return { folder, env: { BOOKSHOP_UPSTREAM_PORT: String(upstream), BOOKSHOP_IDENTITY_PORT: String(identity) } }
}

describe('the newcomer', { timeout: 120_000 }, () => {
  const place = folderWith({})
  let folder: string
  let gateway: Serving
  let token: string
  let lines: string[]
  beforeAll(async () => {
    const shop = await freshBookshop(place.folder)
    folder = shop.folder
    const options = { cwd: place.folder, env: shop.env }
    gateway = await serving(['bookshop', '--services', '--human', '--port', '0'], options)
    lines = gateway.said.split('\n').filter((line) => /^ {2}(?:curl|TOKEN=)/.test(line))
    const from = /^TOKEN=\$\(curl -s (\S+)\)$/.exec(lines[0]!.trim())![1]!
    token = await (await fetch(from)).text()
  }, 120_000)
  afterAll(async () => {
    await gateway.stop()
    killServing()
    place.remove()
  }, 60_000)

  const curl = async (line: string) => {
    const { method, url, headers, body } = readCurl(line.trim(), { TOKEN: token })
    const response = await fetch(url, { method, headers, ...(body !== undefined && { body }) })
    return { status: response.status, text: await response.text() }
  }

  test('reads what runs and what to try', () => {
    expect(gateway.said).toMatch(/^Gatehouse {2}bookshop {2}revision [0-9a-f]{7} {2}environment local\n/)
    expect(gateway.said).toMatch(/ {2}upstream +http.*\n {2}identity provider +http/)
    expect(gateway.said).toContain('Change a line of bookshop/gatehouse.yaml and save: it is in force at once.')
    expect(gateway.complained).toContain('made a development secret: mobile-app-key')
    expect(lines).toHaveLength(4)
  })

  test('sends three requests, reads why one was denied, changes that line, and sees the next one pass', async () => {
    const [, read, change, search] = lines as [string, string, string, string]
    expect((await curl(read)).status).toBe(200)
    const denied = await curl(change)
    expect([denied.status, denied.text]).toEqual([403, expect.stringContaining('ROLE_NOT_ALLOWED')])
    expect((await curl(search)).status).toBe(200)

    const said = await gateway.says(/injection-protection would deny.*\n/)
    const reason =
      /rbac ROLE_NOT_ALLOWED {2}ben .*\n {4}(bookshop\/gatehouse\.yaml):(\d+):\d+ {2}saw .*\["reader"\], wanted .*editor.*\n/
    const [, file, number] = reason.exec(said)!
    expect(said).toMatch(/● GET \/books\/1 +200/)
    expect(said).toMatch(/◐ GET \/search\?\S+ +200/)

    const path = join(place.folder, file!)
    const text = readFileSync(path, 'utf8').split('\n')
    const line = text[Number(number) - 1]!
    expect(line).toContain('reader: [GET]')
    text[Number(number) - 1] = line.replace('reader: [GET]', 'reader: [GET, PATCH]')
    writeFileSync(path, text.join('\n'))
    await gateway.says(/↻ reloaded revision [0-9a-f]{7} \(1 policy changed: .*rbac\)\n/)
    expect((await curl(change)).status).toBe(200)
  })

  test('an app calls with its key; without anything the answer says what is missing', async () => {
    const key = (await cli(['secret', 'show', 'mobile-app-key', '-w', folder])).stdout.trim()
    const book = (headers: Record<string, string>) => fetch(`${gateway.url}/books/2`, { headers })
    expect((await book({ 'X-API-Key': key })).status).toBe(200)
    const bare = await book({})
    expect(bare.status).toBe(401)
    expect(bare.headers.get('www-authenticate')).toMatch(/Bearer.*Key/)
    const said = await gateway.says(/jwt-auth TOKEN_MISSING.*\n.*\n.*\n/)
    expect(said).toMatch(/gatehouse\.yaml:\d+:\d+ {2}saw no header Authorization, wanted Bearer and a token/)
    expect(said).toMatch(/gatehouse\.yaml:\d+:\d+ {2}and key-auth: saw no header X-API-Key, wanted the API key/)
  })

  test.each([
    ['GET', '/orders', 200, undefined],
    ['GET', '/users/anna', 200, '************1111'],
    ['GET', '/admin/users', 403, 'CONSUMER_NOT_ALLOWED'],
    ['GET', '/books?limit=20000', 400, 'PARAMETER_INVALID'],
    ['GET', '/excerpts?file=../../../etc/passwd', 400, 'PARAMETER_INVALID'],
    ['GET', '/debug/config', 404, 'NO_ROUTE'],
    ['GET', '/v0/customers', 404, 'NO_ROUTE'],
    ['GET', '/health', 200, undefined],
  ])('%s %s as ben: %i', async (method, path, status, content) => {
    const response = await fetch(gateway.url + path, { method, headers: { Authorization: `Bearer ${token}` } })
    const text = await response.text()
    expect([response.status, text]).toEqual([status, content ? expect.stringContaining(content) : expect.anything()])
    expect(response.headers.get('x-powered-by')).toBeNull()
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('decide agrees with what the gateway did, and shows where two environments part', async () => {
    const stdin = `GET /books/1\nAuthorization: Bearer ${token}\n`
    const { code, stdout } = await cli(['decide', folder, '-r', '-', '--json'], { stdin })
    expect([code, (JSON.parse(stdout) as { verdict: string }).verdict]).toEqual([0, 'pass'])
    const args = ['decide', folder, '-r', '-', '--env', 'local', '--env', 'staging', '--json']
    const compared = await cli(args, { stdin })
    expect(JSON.parse(compared.stdout)).toMatchObject({
      environments: { local: { verdict: 'pass' }, staging: { verdict: 'deny', code: 'ISSUER_NOT_ALLOWED' } },
      firstDifference: { step: 'api:catalogue/jwt-auth', field: 'verdict', a: 'pass', b: 'deny' },
    })
  })
})

describe('the sample workspaces', () => {
  test('samples/minimal is sound, and short', async () => {
    const { problems, workspace } = await loadWorkspace(join(samples, 'minimal'), { readOnly: true, env: {} })
    expect([problems, workspace?.routes.length]).toEqual([[], 1])
    const text = readFileSync(join(samples, 'minimal', 'gatehouse.yaml'), 'utf8')
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    expect(lines.length).toBeLessThanOrEqual(12)
  })

  test('samples/bookshop uses every policy type, any-of, when, shadow, without, sets and environments', async () => {
    const place = folderWith({})
    mkdirSync(place.folder, { recursive: true })
    const { folder } = await freshBookshop(place.folder)
    await cli(['secret', 'set', 'mobile-app-key', '-w', folder], { stdin: 'a key for this test alone' })
    for (const environment of ['local', 'staging']) {
      const { problems, workspace } = await loadWorkspace(folder, { environment, env: {} })
      expect(problems).toEqual([])
      const used = [workspace!.unrouted, ...workspace!.routes.map((route) => route.plan)].flatMap(
        (plan) => plan.instances,
      )
      expect([...new Set(used.map((one) => one.policy.type))].sort()).toEqual(policies.map((one) => one.type).sort())
      expect(used.some((one) => one.mode === 'shadow')).toBe(true)
      expect(used.some((one) => one.when !== undefined)).toBe(true)
      expect(workspace!.environment).toBe(environment)
    }
    const text = readFileSync(join(folder, 'gatehouse.yaml'), 'utf8')
    for (const keyword of ['any-of:', 'without:', 'use:', '${secret:']) expect(text).toContain(keyword)
    place.remove()
  }, 60_000)
})
