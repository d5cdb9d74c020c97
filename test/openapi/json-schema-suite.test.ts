import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { compileSchema } from '../../gateway-core/openapi/schemas.ts'
import { corpus } from '../corpora/corpora.ts'
import { testOn } from '../corpora/test-on.ts'

const folder = corpus('json-schema-test-suite')

interface Group {
  description: string
  schema: Record<string, unknown> | boolean
  tests: { description: string; data: unknown; valid: boolean }[]
}

function remotesOf(root: string, path = ''): Record<string, Record<string, unknown>> {
  const found: Record<string, Record<string, unknown>> = {}
  for (const name of readdirSync(join(root, path))) {
    const at = path === '' ? name : `${path}/${name}`
    if (statSync(join(root, at)).isDirectory()) Object.assign(found, remotesOf(root, at))
    else if (name.endsWith('.json')) {
      found[`http://localhost:1234/${at}`] = JSON.parse(readFileSync(join(root, at), 'utf8')) as Record<string, unknown>
    }
  }
  return found
}

function run(root: string, required: boolean): { right: number; wrong: string[] } {
  const tests = join(root, 'tests/draft2020-12', required ? '' : 'optional')
  const all = remotesOf(join(root, 'remotes'))
  const remotes = Object.fromEntries(Object.entries(all).filter(([id]) => !/draft(?:3|4|6|7|2019)|\/v1\//.test(id)))
  const wrong: string[] = []
  let right = 0
  for (const file of readdirSync(tests).filter((name) => name.endsWith('.json'))) {
    for (const group of JSON.parse(readFileSync(join(tests, file), 'utf8')) as Group[]) {
      let validate: ((value: unknown) => unknown) | undefined
      try {
        const needed = JSON.stringify(group.schema).includes('localhost:1234') ? remotes : {}
        validate = compileSchema(group.schema, { remotes: needed, formats: false })
      } catch {
        validate = undefined
      }
      for (const one of group.tests) {
        let valid: boolean | undefined
        try {
          valid = validate ? validate(one.data) === undefined : undefined
        } catch {
          valid = undefined
        }
        if (valid === one.valid) right += 1
        else
          wrong.push(
            `${file}: ${group.description}: ${one.description}${valid === undefined ? ' (does not compile)' : ''}`,
          )
      }
    }
  }
  return { right, wrong }
}

describe('JSON Schema test suite, draft 2020-12', () => {
  // What is missing up to 100 % is `$dynamicRef` across resources, references relative to a nested `$id`, custom
  // vocabularies and an empty `enum`; a document that uses one of these says so when its schema is compiled.
  testOn(folder)('at least 95 % of the required tests', () => {
    const { right, wrong } = run(folder!, true)
    const share = right / (right + wrong.length)
    console.info(`json-schema-test-suite required: ${right} of ${right + wrong.length} right`)
    expect(share, wrong.slice(0, 60).join('\n')).toBeGreaterThanOrEqual(0.95)
  })
})
