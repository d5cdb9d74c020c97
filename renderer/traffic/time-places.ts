import type { Density } from '../../gateway-core/capture/store.ts'

/** How many bars the recorded time is drawn with. */
export const parts = 240

/** A moment as its place on the slider, 0 to 1. */
export function placeOf(at: number, { from, to }: Pick<Density, 'from' | 'to'>): number {
  return to <= from ? 1 : Math.min(1, Math.max(0, (at - from) / (to - from)))
}

/** The end of a part, 0-based, as a moment: what began in it has happened then. */
export function momentOf(part: number, { from, to }: Pick<Density, 'from' | 'to'>, all = parts): number {
  return part >= all - 1 ? to : Math.floor(from + ((part + 1) / all) * (to - from))
}

/** The part that a moment falls in. */
export function partOf(at: number, { from, to }: Pick<Density, 'from' | 'to'>, all = parts): number {
  return Math.min(all - 1, Math.max(0, Math.ceil(((at - from) / Math.max(1, to - from)) * all) - 1))
}

/** A single exchange can be seen beside a thousand. */
export function barHeight(count: number, most: number): number {
  return Math.max(2, (count / most) * 24)
}

/** `20 s`, `4 min`, `3 h`, `2 days`. */
export function resetText(ms: number): string {
  if (ms <= 0) return 'now'
  if (ms < 90_000) return `${Math.ceil(ms / 1000)} s`
  if (ms < 5_400_000) return `${Math.round(ms / 60_000)} min`
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} days`
}
