import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { loadWorkspace } from '../../gateway-core/config/load.ts'
import { getSecret, listSecrets, removeSecret, secretsFile, setSecret } from '../../gateway-core/config/secrets.ts'
import { loadWorkspaceKey, WorkspaceKey } from '../../gateway-core/config/workspace-key.ts'

const key = new WorkspaceKey(Buffer.alloc(32, 1))
const env = { GATEHOUSE_KEY: Buffer.alloc(32, 1).toString('base64') }
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-secrets-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('the secrets file', () => {
  it('gives back what was set, by name, and nothing in clear', async () => {
    await setSecret(folder, 'a-key', 'hunter2', key)
    await setSecret(folder, 'b-key', 'zwölf\nlines', key)
    await setSecret(folder, 'a-key', 'hunter3', key)
    expect(await listSecrets(folder)).toEqual(['a-key', 'b-key'])
    expect(await getSecret(folder, 'a-key', key)).toBe('hunter3')
    expect(await getSecret(folder, 'b-key', key)).toBe('zwölf\nlines')
    expect(await getSecret(folder, 'c-key', key)).toBeUndefined()
    const text = await readFile(join(folder, secretsFile), 'utf8')
    expect(text).not.toMatch(/hunter|zwölf/)
    expect(text).toMatch(/^# Secrets of this workspace/)
    expect(await readdir(folder)).toEqual([secretsFile])
  })

  it('keeps comments and forgets what is removed', async () => {
    await writeFile(join(folder, secretsFile), '# ours\n')
    await setSecret(folder, 'a', '1', key)
    expect(await removeSecret(folder, 'a')).toBe(true)
    expect(await removeSecret(folder, 'a')).toBe(false)
    expect(await listSecrets(folder)).toEqual([])
  })

  it('does not open with another key, nor under another name', async () => {
    await setSecret(folder, 'a', 'hunter2', key)
    const other = new WorkspaceKey(Buffer.alloc(32, 2))
    await expect(getSecret(folder, 'a', other)).rejects.toThrow('does not open the secret "a"')
    const text = await readFile(join(folder, secretsFile), 'utf8')
    await writeFile(join(folder, secretsFile), text.replace('a:', 'b:'))
    await expect(getSecret(folder, 'b', key)).rejects.toThrow('does not open')
  })

  it.each(['', 'two words', 'a/b', '${x}'])('refuses the name %j', async (name) => {
    await expect(setSecret(folder, name, 'x', key)).rejects.toThrow('is not a name for a secret')
  })
})

describe('references in a workspace', () => {
  const workspace = `gatehouse: 1
name: at \${env:PLACE}, $\${literal}
consumers:
  - { name: a, keys: ["\${secret:a-key}"] }
  - { name: b, keys: ["\${file:keys/b}"] }
  - { name: c, keys: ["\${env:C_KEY}"] }
limits: { headerCount: "\${env:COUNT}" }
capture: { enabled: "\${env:CAPTURE}" }
`
  const variables = { ...env, PLACE: 'home', C_KEY: 'c-key-in-clear', COUNT: '42', CAPTURE: 'false' }

  beforeEach(async () => {
    await writeFile(join(folder, 'gatehouse.yaml'), workspace)
    await mkdir(join(folder, 'keys'))
    await writeFile(join(folder, 'keys', 'b'), 'b-key-in-clear\n')
    await setSecret(folder, 'a-key', 'a-key-in-clear', key)
  })

  it('become their values, and numbers and truth where those are wanted', async () => {
    const result = await loadWorkspace(folder, { env: variables })
    expect(result.problems).toEqual([])
    expect(result.workspace).toMatchObject({
      name: 'at home, ${literal}',
      consumers: ['a-key-in-clear', 'b-key-in-clear', 'c-key-in-clear'].map((value) => ({ keyTags: [key.tag(value)] })),
      limits: { headerCount: 42 },
      capture: { enabled: false },
    })
  })

  it('leave no value in anything that comes out', async () => {
    const { workspace: loaded, problems, files } = await loadWorkspace(folder, { env: variables })
    expect(JSON.stringify([loaded, problems, files])).not.toContain('in-clear')
    expect(files.map(({ path, text }) => [path, text !== undefined])).toEqual([
      ['gatehouse.yaml', true],
      ['keys/b', false],
      ['secrets.enc.yaml', false],
    ])
  })

  it('leave no value in what a policy says about its configuration', async () => {
    const text = 'gatehouse: 1\npolicies: [ip-restriction: { allow: ["${secret:a-key}"] }]\n'
    const { problems } = await loadWorkspace(folder, { env: variables, overlay: new Map([['gatehouse.yaml', text]]) })
    expect(problems).toMatchObject([{ code: 'BAD_ADDRESS', message: '"${secret:a-key}" is not an address or network' }])
  })

  it('change the revision with the file they name', async () => {
    const before = await loadWorkspace(folder, { env: variables })
    await writeFile(join(folder, 'keys', 'b'), 'another')
    const after = await loadWorkspace(folder, { env: variables })
    expect(after.workspace?.revision).not.toBe(before.workspace?.revision)
  })

  it('say when the key is not the one that sealed', async () => {
    const { workspace: loaded, problems } = await loadWorkspace(folder, {
      env: { ...variables, GATEHOUSE_KEY: '00'.repeat(32) },
    })
    expect(loaded).toBeUndefined()
    expect(problems).toMatchObject([{ code: 'SECRET_MISSING', line: 4 }])
  })

  it('need a key that can be used', async () => {
    const { problems } = await loadWorkspace(folder, { env: { ...variables, GATEHOUSE_KEY: 'short' } })
    expect(problems[0]).toMatchObject({ code: 'SECRET_MISSING', suggestion: 'make one with: openssl rand -base64 32' })
  })

  it('make the key on first need, but not when only reading', async () => {
    const own = 'gatehouse: 1'
    await rm(join(folder, secretsFile))
    await writeFile(join(folder, 'gatehouse.yaml'), own)
    await loadWorkspace(folder, { env: {}, readOnly: true })
    expect(await readdir(folder)).not.toContain('.gatehouse')
    await loadWorkspace(folder, { env: {} })
    const made = await loadWorkspaceKey(folder, {})
    expect(made.tag('x')).toBe((await loadWorkspaceKey(folder, {})).tag('x'))
  })
})
