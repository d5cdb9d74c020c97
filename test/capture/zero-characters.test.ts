import { expect, test } from 'vitest'
import { body, captures, record, request, response, temporaryFolder, write } from './records.ts'

test('a body with a zero character is kept whole and found behind it', () => {
  const folder = temporaryFolder()
  const one = record({
    request: request({ body: body('first\0needle one') }),
    response: response({ body: body('abc\0needle two') }),
  })
  write(folder, [one])
  const read = captures(folder)
  expect(Buffer.from(read.get(one.id)!.response!.body!.bytes).toString()).toBe('abc\0needle two')
  expect(Buffer.from(read.get(one.id)!.request.body!.bytes).toString()).toBe('first\0needle one')
  expect(read.count('resp.body:"needle two"')).toBe(1)
  expect(read.count('req.body:needle')).toBe(1)
  expect(read.count('needle')).toBe(1)
})
