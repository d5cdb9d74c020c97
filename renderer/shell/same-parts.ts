/**
 * The next value, with every part that says the same as before taken from before: what depends on such a part need not
 * be drawn again. For plain data, as it comes out of JSON.
 */
export function samePartsOf<T>(before: unknown, next: T): T {
  if (Object.is(before, next)) return next
  if (typeof before !== 'object' || typeof next !== 'object' || before === null || next === null) return next
  if (Array.isArray(before) !== Array.isArray(next)) return next
  const old = before as Readonly<Record<string, unknown>>
  const made = (Array.isArray(next) ? [...(next as unknown[])] : { ...next }) as Record<string, unknown>
  const keys = Object.keys(made)
  let same = keys.length === Object.keys(old).length
  for (const key of keys) {
    made[key] = samePartsOf(old[key], made[key])
    if (!Object.hasOwn(old, key) || !Object.is(old[key], made[key])) same = false
  }
  return (same ? before : made) as T
}
