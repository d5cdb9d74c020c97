import { isDeepStrictEqual } from 'node:util'
import type { JsonChange } from '../protocol/replay.ts'

const mostChanges = 500
const longestShown = 200
/** Longer arrays are compared by place: finding what they share costs the square of their length. */
const longestAligned = 400

/** What keeps a change from counting: `*` is one step of a pointer, `**` any number of them. */
export function pointerPattern(pattern: string): (path: readonly string[]) => boolean {
  const steps = pattern.replace(/^\//, '').split('/').map(unescape)
  const matches = (at: number, path: readonly string[], from: number): boolean => {
    // What lies under an ignored value is ignored with it.
    if (at === steps.length) return true
    if (steps[at] === '**') {
      for (let skip = from; skip <= path.length; skip++) if (matches(at + 1, path, skip)) return true
      return false
    }
    if (from >= path.length) return false
    return (steps[at] === '*' || steps[at] === path[from]) && matches(at + 1, path, from + 1)
  }
  return (path) => (pattern === '' ? path.length === 0 : matches(0, path, 0))
}

export interface JsonDifference {
  changes: JsonChange[]
  more: number
  ignored: number
}

/**
 * How two JSON values differ, by structure: members by name, elements of arrays by what they share, so that one that was
 * put in front does not change all the others. Objects that carry an `id`, `key`, `name` or `code` are the same element
 * when that is the same.
 */
export function compareJson(left: unknown, right: unknown, ignore: readonly string[]): JsonDifference {
  const patterns = ignore.filter((one) => one.trim() !== '').map((one) => pointerPattern(one.trim()))
  const found: JsonDifference = { changes: [], more: 0, ignored: 0 }
  const isIgnored = (path: readonly string[]) => patterns.some((matches) => matches(path))
  const add = (path: readonly string[], change: Omit<JsonChange, 'pointer'>) => {
    if (isIgnored(path)) found.ignored++
    else if (found.changes.length >= mostChanges) found.more++
    else found.changes.push({ pointer: pointerOf(path), ...change })
  }
  const walk = (a: unknown, b: unknown, path: readonly string[]): void => {
    if (isDeepStrictEqual(a, b)) return
    if (isIgnored(path)) {
      found.ignored++
      return
    }
    if (Array.isArray(a) && Array.isArray(b)) return walkArrays(a, b, path)
    if (isObject(a) && isObject(b)) {
      for (const key of Object.keys(a)) {
        if (Object.hasOwn(b, key)) walk(a[key], b[key], [...path, key])
        else add([...path, key], { kind: 'removed', left: shown(a[key]) })
      }
      for (const key of Object.keys(b)) {
        if (!Object.hasOwn(a, key)) add([...path, key], { kind: 'added', right: shown(b[key]) })
      }
      return
    }
    add(path, { kind: 'changed', left: shown(a), right: shown(b) })
  }
  const walkArrays = (a: readonly unknown[], b: readonly unknown[], path: readonly string[]): void => {
    for (const [from, to] of aligned(a, b)) {
      if (from === undefined) add([...path, String(to)], { kind: 'added', right: shown(b[to!]) })
      else if (to === undefined) add([...path, String(from)], { kind: 'removed', left: shown(a[from]) })
      else walk(a[from], b[to], [...path, String(from)])
    }
  }
  walk(left, right, [])
  return found
}

type Pair = [from: number | undefined, to: number | undefined]

/** Which elements of two arrays belong together, in order: the longest run of those that are the same element. */
function aligned(a: readonly unknown[], b: readonly unknown[]): Pair[] {
  const same = sameness(a, b)
  if (!same || a.length > longestAligned || b.length > longestAligned) {
    return Array.from(
      { length: Math.max(a.length, b.length) },
      (_, at): Pair => [at < a.length ? at : undefined, at < b.length ? at : undefined],
    )
  }
  const width = b.length + 1
  const lengths = new Uint16Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] = same(i, j)
        ? lengths[(i + 1) * width + j + 1]! + 1
        : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!)
    }
  }
  const pairs: Pair[] = []
  let [i, j] = [0, 0]
  let removed: number[] = []
  let added: number[] = []
  // What stands between two shared elements on both sides was changed, as far as there are as many.
  const close = (keyed: boolean) => {
    const both = keyed ? 0 : Math.min(removed.length, added.length)
    for (let at = 0; at < both; at++) pairs.push([removed[at], added[at]])
    for (const from of removed.slice(both)) pairs.push([from, undefined])
    for (const to of added.slice(both)) pairs.push([undefined, to])
    removed = []
    added = []
  }
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && same(i, j)) {
      close(same.keyed)
      pairs.push([i++, j++])
    } else if (j >= b.length || (i < a.length && lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!)) {
      removed.push(i++)
    } else added.push(j++)
  }
  close(same.keyed)
  return pairs
}

const identities = ['id', '_id', 'key', 'uuid', 'code', 'name', 'title'] as const

/** Whether two elements are the same one: by an identity that all of them carry, else by their value. */
function sameness(a: readonly unknown[], b: readonly unknown[]) {
  const all = [...a, ...b]
  const key = identities.find(
    (name) =>
      all.every((one) => isObject(one) && ['string', 'number'].includes(typeof one[name])) &&
      [a, b].every((list) => new Set(list.map((one) => (one as Record<string, unknown>)[name])).size === list.length),
  )
  const textsOf = (list: readonly unknown[]) =>
    list.map((one) => (key === undefined ? JSON.stringify(one) : String((one as Record<string, unknown>)[key])))
  const [left, right] = [textsOf(a), textsOf(b)]
  return Object.assign((i: number, j: number) => left[i] === right[j], { keyed: key !== undefined })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined'
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text
}

/** RFC 6901. */
export function pointerOf(path: readonly string[]): string {
  return path.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

function unescape(step: string): string {
  return step.replaceAll('~1', '/').replaceAll('~0', '~')
}
