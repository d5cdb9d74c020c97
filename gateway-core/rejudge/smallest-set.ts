/**
 * The smallest set of parts that still passes a test which the whole set passes: a single part where one is enough, else
 * what delta debugging (Zeller's ddmin) leaves. Gives undefined when the whole set does not pass.
 */
export async function smallestSet<T>(
  parts: readonly T[],
  passes: (subset: readonly T[]) => Promise<boolean>,
): Promise<readonly T[] | undefined> {
  if (parts.length === 0) return undefined
  // Where there is one part, there is nothing to find out.
  if (parts.length === 1) return parts
  for (const part of parts) if (await passes([part])) return [part]
  if (!(await passes(parts))) return undefined
  return reduce(parts, passes)
}

async function reduce<T>(all: readonly T[], passes: (subset: readonly T[]) => Promise<boolean>): Promise<readonly T[]> {
  let parts = all
  let pieces = 2
  while (parts.length >= 2) {
    const size = Math.ceil(parts.length / pieces)
    let smaller: readonly T[] | undefined
    for (let from = 0; from < parts.length && !smaller; from += size) {
      const without = [...parts.slice(0, from), ...parts.slice(from + size)]
      if (without.length > 0 && (await passes(without))) smaller = without
    }
    if (smaller) {
      parts = smaller
      pieces = Math.max(pieces - 1, 2)
    } else if (pieces >= parts.length) break
    else pieces = Math.min(parts.length, pieces * 2)
  }
  return parts
}
