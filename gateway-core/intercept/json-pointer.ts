import { pointerKeys } from '../config/origins.ts'

const forbidden = new Set(['__proto__', 'constructor', 'prototype'])

/**
 * The value with another one at an RFC 6901 pointer. Mappings on the way are made where they are missing; `-` adds to a
 * list. Where the way leads through a text or a number, nothing is changed.
 */
export function setAtPointer(root: unknown, pointer: string, value: unknown): unknown {
  const keys = pointerKeys(pointer)
  if (keys.length === 0) return value
  if (keys.some((key) => forbidden.has(key))) return root
  let at: unknown = root
  for (const [index, key] of keys.entries()) {
    if (typeof at !== 'object' || at === null) return root
    const last = index === keys.length - 1
    if (Array.isArray(at)) {
      const place = key === '-' ? at.length : /^\d+$/.test(key) ? Number(key) : -1
      if (place < 0 || place > at.length) return root
      if (last) at[place] = value
      else at = at[place] ??= {}
    } else {
      const mapping = at as Record<string, unknown>
      if (last) mapping[key] = value
      else at = mapping[key] ??= {}
    }
  }
  return root
}
