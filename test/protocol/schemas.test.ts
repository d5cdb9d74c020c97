import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, it } from 'vitest'
import { calls } from '../../gateway-core/protocol/protocol.ts'

it('every call declares its parameters by a schema that is one', () => {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictTypes: false, strictRequired: false })
  const wrong = Object.entries(calls).flatMap(([name, { params }]) =>
    ajv.validateSchema(params) ? [] : [`${name}: ${ajv.errorsText()}`],
  )
  expect(wrong).toEqual([])
  for (const { params } of Object.values(calls)) ajv.compile(params)
})
