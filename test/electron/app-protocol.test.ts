import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answer, contentSecurityPolicy } from '../../electron/app-protocol.ts'

let root: string
let folder: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'gatehouse-pages-'))
  folder = join(root, 'renderer')
  mkdirSync(join(folder, 'assets'), { recursive: true })
  writeFileSync(join(folder, 'index.html'), '<!doctype html>')
  writeFileSync(join(folder, 'assets', 'main.js'), '1')
  writeFileSync(join(folder, 'a b.css'), '')
  writeFileSync(join(root, 'outside.txt'), 'secret')
  mkdirSync(join(root, 'renderer-of-another'))
  writeFileSync(join(root, 'renderer-of-another', 'x.js'), 'secret')
})
afterAll(() => rmSync(root, { recursive: true }))

const get = (url: string, method = 'GET') => answer({ url, method }, folder)

describe('pages of the app', () => {
  it.each([
    ['app://gatehouse/', 'text/html; charset=utf-8'],
    ['app://gatehouse/index.html', 'text/html; charset=utf-8'],
    ['app://gatehouse/assets/main.js', 'text/javascript; charset=utf-8'],
    ['app://gatehouse/assets/main.js?v=1', 'text/javascript; charset=utf-8'],
    ['app://gatehouse/a%20b.css', 'text/css; charset=utf-8'],
  ])('%s is %s', async (url, type) => {
    const response = await get(url)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe(type)
  })

  it.each([
    'app://gatehouse/none.js',
    'app://gatehouse/assets',
    'app://gatehouse/../outside.txt',
    'app://gatehouse/%2e%2e/outside.txt',
    'app://gatehouse/%2e%2e%2foutside.txt',
    'app://gatehouse/..%5coutside.txt',
    'app://gatehouse/../renderer-of-another/x.js',
    'app://gatehouse/%2e%2e%2frenderer-of-another%2fx.js',
    'app://gatehouse/index.html%00',
    'app://gatehouse/%ff',
    'app://elsewhere/index.html',
    'file:///etc/passwd',
    'nonsense',
  ])('%s is not there', async (url) => {
    const response = await get(url)
    expect(response.status).toBe(404)
    expect(await response.text()).toBe('')
  })

  it('only answers GET', async () => {
    expect((await get('app://gatehouse/', 'POST')).status).toBe(404)
  })

  it('all carry the policy, the refusals too', async () => {
    for (const url of ['app://gatehouse/', 'app://gatehouse/assets/main.js', 'app://gatehouse/none']) {
      const { headers } = await get(url)
      expect(headers.get('content-security-policy')).toBe(contentSecurityPolicy)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
    }
  })
})

describe('the content security policy', () => {
  const directives = new Map(
    contentSecurityPolicy.split('; ').map((text) => [text.split(' ')[0], text.split(' ').slice(1)]),
  )

  it('lets run only what the app brings, and compiles nothing from text', () => {
    expect(directives.get('default-src')).toEqual([`'none'`])
    expect(directives.get('script-src')).toEqual([`'self'`])
    expect(directives.get('worker-src')).toEqual([`'self'`])
    expect(contentSecurityPolicy).not.toContain('unsafe-eval')
  })

  it('lets pages reach nothing but the app', () => {
    expect(contentSecurityPolicy).not.toMatch(/https?:|wss?:|\*/)
    expect(directives.get('connect-src')).toEqual([`'self'`])
  })
})
