import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '..', '..')

it('the desktop app knows the protocol and where things are kept, and no policy', () => {
  const allowed = /^\.\.\/gateway-core\/(?:protocol\/|workbench\/user-folders\.ts$)/
  const files = readdirSync(join(root, 'electron'))
  const imports = files.flatMap((file) => {
    const text = readFileSync(join(root, 'electron', file), 'utf8')
    return [...text.matchAll(/(?:from|import\()\s*'(\.\.[^']+)'/g)].map((match) => match[1]!)
  })
  expect(imports.filter((path) => !allowed.test(path))).toEqual([])
})
