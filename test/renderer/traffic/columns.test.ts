import { describe, expect, it, vi } from 'vitest'

// What was chosen before is read while the module loads.
vi.stubGlobal('localStorage', { getItem: () => null, setItem: () => undefined })
const { columns, fitting } = await import('../../../renderer/traffic/columns.tsx')

describe('the columns that fit', () => {
  const standard = columns.filter(({ first }) => first).map(({ id }) => id)
  const shown = (width: number) => fitting(standard, width).map(({ id }) => id)

  it('are all of those chosen where there is room', () => {
    expect(shown(1400)).toEqual(standard)
    expect(shown(0)).toEqual(standard)
  })

  it('lose the least important first, and never who decided', () => {
    expect(shown(800)).not.toContain('size')
    expect(shown(800)).toContain('consumer')
    for (const width of [700, 500, 200])
      expect(shown(width)).toEqual(expect.arrayContaining(['time', 'path', 'status', 'answer']))
  })
})
