import { create } from 'zustand'

const keptUnder = 'gatehouse traffic widths'
const [least, most] = [40, 900]

interface Widths {
  /** Width in px of each column that somebody made wider or narrower. */
  widths: Readonly<Record<string, number>>
  setWidth(id: string, width: number): void
  /** The usual width again, of one column or of all. */
  forget(id?: string): void
}

/** Widths of columns; kept. */
export const useWidths = create<Widths>((set, get) => {
  const take = (widths: Readonly<Record<string, number>>) => {
    localStorage.setItem(keptUnder, JSON.stringify(widths))
    set({ widths })
  }
  return {
    widths: readWidths(),
    setWidth: (id, width) => take({ ...get().widths, [id]: clamped(width) }),
    forget(id) {
      const { [id ?? '']: _, ...others } = get().widths
      take(id === undefined ? {} : others)
    },
  }
})

function clamped(width: number): number {
  return Math.round(Math.max(least, Math.min(most, width)))
}

function readWidths(): Record<string, number> {
  try {
    const kept = JSON.parse(localStorage.getItem(keptUnder) ?? '{}') as unknown
    const entries = Object.entries(kept as object).filter(([, width]) => typeof width === 'number' && width > 0)
    return Object.fromEntries(entries.map(([id, width]) => [id, clamped(width as number)]))
  } catch {
    return {}
  }
}
