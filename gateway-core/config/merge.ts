import type { Origins } from './origins.ts'

type Mapping = Record<string, unknown>

/**
 * The base with what the overlay says differently: mappings are merged key by key, anything else is replaced. Neither
 * is changed, and every value keeps the place in the file that it came from.
 */
export function mergeMappings(base: Mapping, overlay: Mapping, origins: Origins): Mapping {
  const merged: Mapping = { ...base }
  for (const [key, value] of Object.entries(overlay)) {
    const before = base[key]
    const both = isMapping(before) && isMapping(value)
    merged[key] = both ? mergeMappings(before, value, origins) : value
  }
  origins.merged(merged, base, overlay)
  return merged
}

/** Lists of mappings with a `name`: the same name is merged, others are added at the end. */
export function mergeNamed(base: readonly unknown[], overlay: readonly unknown[], origins: Origins): unknown[] {
  const merged = base.map((entry) => {
    const other = overlay.find((candidate) => nameOf(candidate) !== undefined && nameOf(candidate) === nameOf(entry))
    return isMapping(entry) && isMapping(other) ? mergeMappings(entry, other, origins) : entry
  })
  const known = new Set(base.map(nameOf))
  return [...merged, ...overlay.filter((entry) => !known.has(nameOf(entry)))]
}

export function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function nameOf(entry: unknown): unknown {
  return isMapping(entry) ? entry['name'] : undefined
}
