import type { Density } from '../../gateway-core/capture/store.ts'

/** How many bars the recorded time is drawn with. */
export const parts = 240

/** A moment as its place on the slider, 0 to 1. */
export function placeOf(at: number, { from, to }: Pick<Density, 'from' | 'to'>): number {
  return to <= from ? 1 : Math.min(1, Math.max(0, (at - from) / (to - from)))
}

/** The end of a part, 0-based, as a moment: what began in it has happened then. */
export function momentOf(part: number, { from, to }: Pick<Density, 'from' | 'to'>, all = parts): number {
  return part >= all - 1 ? to : from + Math.floor(((part + 1) * (to - from)) / all)
}

/** The part that a moment falls in. */
export function partOf(at: number, { from, to }: Pick<Density, 'from' | 'to'>, all = parts): number {
  return Math.min(all - 1, Math.max(0, Math.ceil(((at - from) * all) / Math.max(1, to - from)) - 1))
}

/** How many places the slider has: as many as bars, but none shorter than the millisecond that moments are told in. */
export function placesOf({ from, to }: Pick<Density, 'from' | 'to'>): number {
  return Math.min(parts, Math.max(1, to - from))
}

/** How much came in each of so many places. */
export function countsOf(exchanges: readonly number[], places: number): readonly number[] {
  if (places === exchanges.length) return exchanges
  const counts = Array.from({ length: places }, () => 0)
  for (const [at, count] of exchanges.entries()) counts[Math.floor((at * places) / exchanges.length)]! += count
  return counts
}

/** The next place in a direction in which something came; without any more the outermost one. */
export function busyPlace(counts: readonly number[], from: number, by: number): number {
  let at = from + by
  while (at > 0 && at < counts.length - 1 && counts[at] === 0) at += by
  return Math.min(counts.length - 1, Math.max(0, at))
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
