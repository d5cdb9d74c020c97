/** RFC 6901 JSON pointers: escaping, joining and looking up. */

/** Appends one reference token to a pointer, escaped. */
export function join(pointer: string, token: string | number): string {
  const text = String(token)
  return `${pointer}/${text.includes('~') || text.includes('/') ? text.replaceAll('~', '~0').replaceAll('/', '~1') : text}`
}

/** Splits a pointer into its unescaped tokens; the whole document is the empty list. */
export function tokensOf(pointer: string): string[] {
  if (pointer === '') return []
  return pointer
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** The value that `pointer` leads to, or undefined. Only own properties count. */
export function lookUp(document: unknown, pointer: string): unknown {
  let value = document
  for (const token of tokensOf(pointer)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, token)) return undefined
    value = (value as Record<string, unknown>)[token]
  }
  return value
}

/** Pointer inside the document that a local reference (`#/…`, perhaps percent-encoded) names, or undefined. */
export function pointerOfReference(reference: string): string | undefined {
  if (reference === '#' || reference === '') return ''
  if (!reference.startsWith('#/')) return undefined
  const fragment = reference.slice(1)
  if (!fragment.includes('%')) return fragment
  try {
    return decodeURIComponent(fragment)
  } catch {
    return fragment
  }
}

/** A JSON object, as opposed to an array, null or a scalar. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
