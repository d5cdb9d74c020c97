import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { loadOpenApi } from '../../gateway-core/openapi/load.ts'
import { operationsOf } from '../../gateway-core/openapi/operations.ts'
import { join as pointer, lookUp } from '../../gateway-core/openapi/pointer.ts'
import { schemasOf } from '../../gateway-core/openapi/schemas.ts'
import { corpus } from '../corpora/corpora.ts'
import { testOn } from '../corpora/test-on.ts'

const folders = [
  ['openapi-realworld', 'dev'],
  ['wfd-openapi', 'documents'],
  ['vuln-apps', 'crapi/openapi-spec'],
] as const

describe.each(folders)('documents of %s', (name, inside) => {
  const folder = corpus(name)
  testOn(folder)(
    'all load, every operation is found by its own path and every schema compiles',
    { timeout: 60_000 },
    () => {
      let documents = 0
      let operations = 0
      let problems = 0
      for (const file of readdirSync(join(folder!, inside))) {
        const at = (path: string): string => join(folder!, inside, path)
        const read = (path: string): string | undefined =>
          existsSync(at(path)) ? readFileSync(at(path), 'utf8') : undefined
        const reading = loadOpenApi(readFileSync(at(file), 'utf8'), file, read)
        expect(reading.document, `${file}: ${JSON.stringify(reading.problems)}`).toBeDefined()
        documents += 1
        problems += reading.problems.length
        for (const problem of reading.problems) expect(problem.line, problem.message).toBeGreaterThan(0)
        const index = operationsOf(reading.document!)
        for (const operation of index.all()) {
          operations += 1
          const path = operation.template.replaceAll(/\{[^{}]*\}/g, 'zzz9')
          const match = index.match(operation.method, path.startsWith('/') ? path : `/${path}`)
          expect(match, `${file} ${operation.method} ${operation.template}`).toMatchObject({ found: 'operation' })
          const schemas = [
            ...operation.parameters.map((parameter) => parameter.schema),
            ...(operation.requestBody?.content ?? []).map((media) => pointer(media.pointer, 'schema')),
          ]
          for (const schema of schemas) {
            if (schema === undefined || lookUp(reading.document, schema) === undefined) continue
            for (const closed of [true, false]) {
              const validate = schemasOf(reading.document!, {
                direction: 'request',
                closed,
                lenientDirection: false,
              }).at(schema)
              expect(() => validate({ unlikely: [1] }), `${file} ${schema}`).not.toThrow()
            }
          }
        }
      }
      console.info(`${name}: ${documents} documents load, ${operations} operations, ${problems} problems named`)
    },
  )
})
