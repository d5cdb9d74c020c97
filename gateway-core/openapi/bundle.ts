import { posix } from 'node:path'
import type { OpenApiProblem, ReadFile, Report } from './load.ts'
import { isObject, join, lookUp, pointerOfReference, tokensOf } from './pointer.ts'
import { parseText } from './text.ts'

/** Where the files that a document refers to stand in the bundled one. */
const filesKey = 'x-files'

/**
 * Takes every file that the document refers to into the document (under `x-files`) and makes all references local.
 * References that lead nowhere are reported and replaced by an empty schema, which accepts everything.
 */
export function bundle(
  written: Record<string, unknown>,
  path: string,
  texts: Map<string, string>,
  readFile: ReadFile,
  report: Report,
): Record<string, unknown> {
  const files: Record<string, unknown> = {}
  const pending: { file: string; value: unknown; prefix: string }[] = [{ file: path, value: written, prefix: '' }]
  const references: Reference[] = []
  for (let entry = pending.pop(); entry; entry = pending.pop()) {
    const { file, value, prefix } = entry
    eachReference(value, (holder, pointer) => {
      const reference = holder['$ref'] as string
      const problem = (message: string, suggestion?: string): void => {
        report({ severity: 'warning', path: file, pointer: join(pointer, '$ref'), message, suggestion })
        delete holder['$ref']
      }
      if (reference.startsWith('#')) {
        references.push({ holder, reference: prefix === '' ? reference : `#${prefix}${reference.slice(1)}`, problem })
        return
      }
      const target = fileOf(reference, file)
      if (target === undefined) {
        problem(
          `"${reference}" is not fetched: a document's meaning must not depend on the network; it accepts everything`,
          'save the file beside the document and refer to it by its path',
        )
        return
      }
      if (target.file !== path && !Object.hasOwn(files, target.file)) {
        const loaded = loadFile(target.file, texts, readFile)
        if (typeof loaded === 'string') {
          problem(`"${reference}": ${loaded}; it accepts everything`)
          return
        }
        files[target.file] = loaded.value
        pending.push({ file: target.file, value: loaded.value, prefix: join(`/${filesKey}`, target.file) })
      }
      const at = target.file === path ? '' : join(`/${filesKey}`, target.file)
      references.push({ holder, reference: `#${at}${target.fragment}`, problem })
    })
  }
  const whole = Object.keys(files).length === 0 ? written : { ...written, [filesKey]: files }
  const anchors = references.some(({ reference }) => !reference.startsWith('#/') && reference !== '#')
    ? anchorsOf(whole)
    : new Map<string, string>()
  for (const { holder, reference, problem } of references) settle(whole, holder, reference, anchors, problem)
  return whole
}

interface Reference {
  holder: Record<string, unknown>
  reference: string
  problem: (message: OpenApiProblem['message'], suggestion?: string) => void
}

function settle(
  whole: Record<string, unknown>,
  holder: Record<string, unknown>,
  reference: string,
  anchors: ReadonlyMap<string, string>,
  problem: Reference['problem'],
): void {
  const named = pointerOfReference(reference) ?? anchors.get(reference.slice(1))
  const pointer = named === undefined ? undefined : through(whole, named)
  if (pointer === undefined) {
    const near = named === undefined ? undefined : nearest(whole, named)
    problem(`"${String(holder['$ref'])}" leads nowhere; it accepts everything`, near)
    return
  }
  holder['$ref'] = `#${pointer}`
}

/** Where a pointer really leads when parts of its way are references themselves, or undefined. */
function through(whole: unknown, pointer: string): string | undefined {
  if (lookUp(whole, pointer) !== undefined) return pointer
  let at = ''
  for (const token of tokensOf(pointer)) {
    for (let hops = 0; hops < 20; hops += 1) {
      const reference = (lookUp(whole, at) as Record<string, unknown> | undefined)?.['$ref']
      const next = typeof reference === 'string' ? pointerOfReference(reference) : undefined
      if (next === undefined) break
      at = next
    }
    at = join(at, token)
    if (lookUp(whole, at) === undefined) return undefined
  }
  return at
}

/** Names a sibling of the missing target that differs by letter case or one change. */
function nearest(whole: unknown, pointer: string): string | undefined {
  const cut = pointer.lastIndexOf('/')
  const parent = cut < 0 ? undefined : lookUp(whole, pointer.slice(0, cut))
  if (!isObject(parent)) return undefined
  const wanted = pointer.slice(cut + 1).toLowerCase()
  const found = Object.keys(parent).find((name) => {
    const lower = name.toLowerCase()
    return lower === wanted || lower === `${wanted}s` || `${lower}s` === wanted || withoutOne(lower, wanted)
  })
  return found === undefined ? undefined : `did you mean "#${join(pointer.slice(0, cut), found)}"?`
}

function withoutOne(a: string, b: string): boolean {
  if (Math.abs(a.length - b.length) > 1) return false
  let at = 0
  while (at < a.length && a[at] === b[at]) at += 1
  return a.slice(at + 1) === b.slice(at + 1) || a.slice(at) === b.slice(at + 1) || a.slice(at + 1) === b.slice(at)
}

function fileOf(reference: string, from: string): { file: string; fragment: string } | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(reference) || reference.startsWith('//')) return undefined
  const hash = reference.indexOf('#')
  const name = hash < 0 ? reference : reference.slice(0, hash)
  return {
    file: posix.normalize(posix.join(posix.dirname(from), decoded(name))),
    fragment: hash < 0 ? '' : reference.slice(hash + 1),
  }
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

function loadFile(file: string, texts: Map<string, string>, readFile: ReadFile): { value: unknown } | string {
  let text: string | undefined
  try {
    text = readFile(file)
  } catch {
    // Which way a file is missing does not matter to the reader of the message.
  }
  if (text === undefined) return `the file ${file} cannot be read`
  texts.set(file, text)
  const parsed = parseText(text)
  return parsed.ok ? { value: parsed.value } : `the file ${file} does not parse: ${parsed.message}`
}

/** Visits each object that has a `$ref` string, except where it is data (examples, enum values, defaults) or the name of a property. */
function eachReference(root: unknown, visit: (holder: Record<string, unknown>, pointer: string) => void): void {
  const seen = new Set<unknown>()
  const walk = (value: unknown, pointer: string, names: boolean): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return
    seen.add(value)
    if (Array.isArray(value)) {
      for (let at = 0; at < value.length; at += 1) walk(value[at], `${pointer}/${at}`, false)
      return
    }
    const holder = value as Record<string, unknown>
    if (!names && typeof holder['$ref'] === 'string') visit(holder, pointer)
    for (const key of Object.keys(holder)) {
      if (!names && dataKeys.has(key)) continue
      walk(holder[key], join(pointer, key), !names && nameMaps.has(key))
    }
  }
  walk(root, '', false)
}

const dataKeys: ReadonlySet<string> = new Set(['example', 'examples', 'default', 'enum', 'const'])
const nameMaps: ReadonlySet<string> = new Set(['properties', 'patternProperties', 'definitions', '$defs', 'schemas'])

function anchorsOf(whole: unknown): Map<string, string> {
  const anchors = new Map<string, string>()
  const walk = (value: unknown, pointer: string): void => {
    if (typeof value !== 'object' || value === null) return
    const anchor = (value as Record<string, unknown>)['$anchor']
    if (typeof anchor === 'string') anchors.set(anchor, pointer)
    for (const [key, child] of Object.entries(value)) walk(child, join(pointer, key))
  }
  walk(whole, '')
  return anchors
}
