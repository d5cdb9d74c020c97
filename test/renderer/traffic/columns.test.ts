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

  it('are as wide as somebody made them, and go earlier for it', () => {
    const time = fitting(standard, 1400, { time: 180, path: 900 }).find(({ id }) => id === 'time')
    expect(time).toMatchObject({ width: 180, chosen: true })
    // The path takes what is left, whatever was kept for it.
    expect(fitting(standard, 1400, { path: 900 }).find(({ id }) => id === 'path')).not.toHaveProperty('width')
    expect(fitting(standard, 1000, { answer: 500 })).not.toHaveLength(fitting(standard, 1000).length)
  })
})

describe('widths', async () => {
  const { useWidths } = await import('../../../renderer/traffic/column-widths.ts')

  it('stay within what can be grasped, and can be forgotten', () => {
    const { setWidth, forget } = useWidths.getState()
    setWidth('time', 3)
    setWidth('host', 5000)
    expect(useWidths.getState().widths).toEqual({ time: 40, host: 900 })
    forget('time')
    expect(useWidths.getState().widths).toEqual({ host: 900 })
    forget()
    expect(useWidths.getState().widths).toEqual({})
  })
})
