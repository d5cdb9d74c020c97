import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TrafficRow } from '../../../gateway-core/protocol/types.ts'
import { RowWindow } from '../../../renderer/traffic/row-window.ts'

/** A core that records: the newest has the highest number. */
class Core {
  oldest = 0
  newest = 0

  get total(): number {
    return this.newest - this.oldest
  }

  rows(from: number, count: number): TrafficRow[] {
    const rows: TrafficRow[] = []
    for (let at = from; at < Math.min(this.total, from + count); at++) {
      rows.push({ id: String(this.newest - 1 - at) } as TrafficRow)
    }
    return rows
  }
}

function load(window: RowWindow, core: Core, first: number, last: number, holdBack: boolean): void {
  const part = window.around(first, last)
  window.take(part.from, core.rows(part.from, part.count), holdBack)
}

describe('the rows that a table holds', () => {
  it('show the newest first while they are followed', () => {
    const core = new Core()
    const window = new RowWindow()
    core.newest = 500
    window.resize(core.total, false)
    load(window, core, 0, 30, false)
    core.newest = 510
    window.resize(core.total, false)
    load(window, core, 0, 30, false)
    expect(window.row(0)?.id).toBe('509')
    expect(window.length).toBe(510)
  })

  it('stay where they are while somebody reads, and count what is new', () => {
    const core = new Core()
    const window = new RowWindow()
    core.newest = 500
    window.resize(core.total, false)
    load(window, core, 100, 130, false)
    const seen = window.row(110)?.id
    core.newest = 507
    window.resize(core.total, true)
    load(window, core, 100, 130, true)
    expect(window.row(110)?.id).toBe(seen)
    expect(window.shift).toBe(7)
    expect(window.length).toBe(500)
    window.resize(core.total, false)
    expect(window.shift).toBe(0)
  })

  it('stay where they are when old ones make room for new ones and the total says nothing', () => {
    const core = new Core()
    const window = new RowWindow()
    core.newest = 1000
    window.resize(core.total, false)
    load(window, core, 200, 240, false)
    const seen = window.row(220)?.id
    core.newest += 9
    core.oldest += 9
    window.resize(core.total, true)
    load(window, core, 200, 240, true)
    expect(window.row(220)?.id).toBe(seen)
    expect(window.shift).toBe(9)
  })

  it('ask only for what is missing', () => {
    const core = new Core()
    const window = new RowWindow()
    core.newest = 10_000
    window.resize(core.total, false)
    expect(window.missing(0, 30)).toEqual({ from: 0, count: 91 })
    load(window, core, 0, 30, false)
    expect(window.missing(20, 60)).toBeUndefined()
    expect(window.missing(80, 110)).toEqual({ from: 20, count: 151 })
    expect(new RowWindow().missing(0, 30)).toBeUndefined()
  })

  it('never show a row in another one’s place, whatever comes and goes', () => {
    const steps = fc.array(fc.record({ arrive: fc.nat(40), first: fc.nat(900), follow: fc.boolean() }), {
      minLength: 1,
      maxLength: 30,
    })
    fc.assert(
      fc.property(steps, (list) => {
        const core = new Core()
        core.newest = 1000
        const window = new RowWindow()
        window.resize(core.total, false)
        for (const { arrive, first, follow } of list) {
          core.newest += arrive
          window.resize(core.total, !follow)
          const last = Math.min(first + 30, window.length - 1)
          load(window, core, Math.min(first, last), last, !follow)
          for (let at = Math.min(first, last); at <= last; at++) {
            expect(window.row(at)?.id).toBe(String(core.newest - 1 - window.shift - at))
          }
        }
      }),
    )
  })
})
