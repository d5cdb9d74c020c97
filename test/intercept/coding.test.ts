import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contentOf, encodeContent, unknownCoding } from '../../gateway-core/intercept/coding.ts'

const bytes = fc.uint8Array({ maxLength: 2_000 })
const codings = fc.array(fc.constantFrom('gzip', 'x-gzip', 'deflate', 'br', 'zstd', 'identity', 'GZip'), {
  maxLength: 3,
})
const headersOf = (list: readonly string[]) => (list.length === 0 ? [] : ['content-ENCODING', list.join(', ')])

describe('a content coding', () => {
  it('that was put on is taken off: the same bytes, whatever they are and however many there are', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, codings, async (content, list) => {
        const headers = headersOf(list)
        const wire = await encodeContent(content, headers)
        expect(unknownCoding(headers)).toBeUndefined()
        const read = await contentOf(wire!, headers)
        expect([Buffer.from(read.bytes).equals(content), read.coded]).toEqual([true, false])
      }),
      { numRuns: 60 },
    )
  })

  it('that the bytes are not leaves them as they are', async () => {
    await fc.assert(
      fc.asyncProperty(bytes, async (content) => {
        const noGzip = Uint8Array.from([0, ...content])
        for (const coding of ['gzip', 'br, gzip', 'compress', 'gzip, compress']) {
          expect(await contentOf(noGzip, headersOf([coding]))).toEqual({ bytes: noGzip, coded: true })
        }
      }),
      { numRuns: 40 },
    )
  })

  it('that is not known here is named', () => {
    expect(unknownCoding(headersOf(['gzip', 'Compress']))).toBe('compress')
  })
})
