import { typeOf } from './shape.ts'

/**
 * Whether all items differ as JSON values, in time linear in their size: the usual comparison of each with each would
 * let one body of small objects hold the gateway for minutes.
 */
export function areUnique(items: readonly unknown[]): boolean {
  const seen = new Set<unknown>()
  for (const item of items) {
    const key =
      typeof item === 'object' && item !== null ? `j${canonical(item)}` : typeof item === 'string' ? `s${item}` : item
    if (seen.has(key)) return false
    seen.add(key)
  }
  return true
}

function canonical(value: unknown): string {
  switch (typeOf(value)) {
    case 'array':
      return `[${(value as unknown[]).map(canonical).join(',')}]`
    case 'object': {
      const object = value as Record<string, unknown>
      return `{${Object.keys(object)
        .sort()
        .map((key) => `${JSON.stringify(key)}:${canonical(object[key])}`)
        .join(',')}}`
    }
    default:
      return JSON.stringify(value)
  }
}
