import { describe, expect, it } from 'vitest'
import { type Loaded, readParts } from '../../../renderer/traffic/body-parts.ts'

const mb = 1024 * 1024

/** A body of so many bytes, as the core gives it: never more than a megabyte at once. */
function bodyOf(size: number) {
  const whole = Uint8Array.from({ length: size }, (_, at) => at % 251)
  const asked: [from: number, length: number][] = []
  const ask = (from: number, length: number) => {
    asked.push([from, length])
    if (length < 1 || length > mb) return Promise.reject(new Error('the parameters must be <= 1048576'))
    const bytes = Buffer.from(whole.subarray(from, from + length)).toString('base64')
    return Promise.resolve({ bytes, from, available: size, decoded: true })
  }
  return { whole, asked, ask }
}

async function read(size: number, until: number, known?: Loaded): Promise<Loaded & { asked: [number, number][] }> {
  const { asked, ask } = bodyOf(size)
  let here = known
  await readParts(known, until, ask, (loaded) => {
    here = loaded
    return true
  })
  return { ...here!, asked }
}

describe('a body is read by parts', () => {
  it.each([
    ['all of a short one', 10, 256_000, 10, 1],
    ['the first of a longer one', 3 * mb, 256_000, 256_000, 1],
    ['more than one call may ask for', 3 * mb, 2.5 * mb, 2.5 * mb, 3],
    ['none of an empty one', 0, 256_000, 0, 1],
  ])('%s', async (_what, size, until, length, calls) => {
    const { bytes, available, asked } = await read(size, until)
    expect([bytes.length, available, asked.length]).toEqual([length, size, calls])
    expect(Buffer.from(bytes).equals(Buffer.from(bodyOf(size).whole.subarray(0, length)))).toBe(true)
  })

  it('from where it is known', async () => {
    const first = await read(3 * mb, 1000)
    const { bytes, asked } = await read(3 * mb, 1500, first)
    expect(asked).toEqual([[1000, 500]])
    expect(bytes.length).toBe(1500)
    expect((await read(3 * mb, 1500, { bytes, available: 3 * mb })).asked).toEqual([])
  })

  it('and no further once nobody waits', async () => {
    const { asked, ask } = bodyOf(5 * mb)
    await readParts(undefined, 5 * mb, ask, () => false)
    expect(asked).toEqual([[0, mb]])
  })
})
