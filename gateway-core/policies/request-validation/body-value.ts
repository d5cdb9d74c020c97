import { isUtf8 } from 'node:buffer'
import type { Body } from '../../exchange.ts'
import { resolved, type OpenApiDocument } from '../../openapi/document.ts'
import type { MediaType } from '../../openapi/operations.ts'
import { scalar } from '../../openapi/parameters.ts'
import { isObject, join, lookUp } from '../../openapi/pointer.ts'
import { decodeForm, rawPairsOf } from '../../openapi/query.ts'
import { anyShape, shapeOf, type Shape } from '../../openapi/shape.ts'
import { fitOf, parseContentType, type BodyKind, type ContentType } from './content-type.ts'
import { duplicateKey, isDeeperThan } from './duplicate-keys.ts'
import { partsOf } from './multipart.ts'

/** The value a body stands for, or what is wrong with its form. `observed` is safe to show. */
export type BodyReading =
  | { ok: true; value: unknown }
  | { ok: false; observed: string; expected: string; pointer?: string; offset?: number }

/** Deeper nesting than this is nobody's honest request, and would exhaust the stack of whoever walks it. */
const deepest = 200

/** What is needed to read forms: the shape of the schema and how each property is encoded. */
export interface FormReading {
  shape: Shape
  encoding: ReadonlyMap<
    string,
    { types: readonly ContentType[]; style: string | undefined; explode: boolean | undefined }
  >
}

export const plainForm: FormReading = { shape: anyShape, encoding: new Map() }

/** Prepares the reading of a form body from its media type in the document. */
export function formReadingOf(document: OpenApiDocument, media: MediaType): FormReading {
  const pointer = join(media.pointer, 'schema')
  const shape = lookUp(document, pointer) === undefined ? anyShape : shapeOf(document, pointer)
  const written = isObject(media.value['encoding']) ? media.value['encoding'] : {}
  const encoding = Object.entries(written).flatMap(([name, value]) => {
    const entry = resolved(document, value, join(join(media.pointer, 'encoding'), name))?.value
    if (!entry) return []
    const { contentType, style, explode } = entry
    const types =
      typeof contentType === 'string'
        ? contentType.split(',').flatMap((type) => parseContentType(type.trim()) ?? [])
        : []
    return [
      [
        name,
        {
          types,
          style: typeof style === 'string' ? style : undefined,
          explode: typeof explode === 'boolean' ? explode : undefined,
        },
      ] as const,
    ]
  })
  return { shape, encoding: new Map(encoding) }
}

/** Reads a held body as its content type says. */
export function readBody(body: Body, kind: BodyKind, type: ContentType, form: FormReading): BodyReading {
  if (kind === 'opaque') return { ok: true, value: undefined }
  if (kind === 'multipart') return shallow(readMultipart(body, type, form))
  if (!isUtf8(body.bytes)) return { ok: false, observed: 'bytes that are not UTF-8', expected: 'UTF-8 text' }
  if (kind === 'text') return { ok: true, value: body.text }
  if (kind === 'form') return shallow(readForm(body.text, form))
  return readJson(body)
}

/** Refuses what is nested so deeply that walking it would exhaust the stack. */
function shallow(reading: BodyReading): BodyReading {
  if (!reading.ok || !isDeeperThan(reading.value, deepest)) return reading
  return {
    ok: false,
    observed: `more than ${deepest} levels`,
    expected: `values nested at most ${deepest} levels deep`,
  }
}

function readJson(body: Body): BodyReading {
  const { json } = body
  if (!json.ok)
    return {
      ok: false,
      observed: `not JSON at character ${json.offset}`,
      expected: 'JSON (RFC 8259)',
      offset: json.offset,
    }
  const reading = shallow({ ok: true, value: json.value })
  if (!reading.ok) return reading
  const twice = duplicateKey(body.text, json.value)
  if (!twice) return reading
  return {
    ok: false,
    observed: `name "${twice.name.slice(0, 60)}" twice in one object`,
    expected: 'each name once: parsers differ in which value they take',
    offset: twice.offset,
  }
}

function readForm(text: string, form: FormReading): BodyReading {
  const fields = new Map<string, unknown[]>()
  for (const [name, raw] of rawPairsOf(text)) {
    const encoding = form.encoding.get(name)
    const shape = form.shape.properties.get(name) ?? form.shape.rest
    if (encoding?.explode === false && shape?.types.has('array')) {
      for (const piece of raw.split(',')) add(fields, name, scalar(decodeForm(piece), shape.items)[0])
      continue
    }
    const deep = /^([^[\]]+)\[([^[\]]*)\]$/.exec(name)
    const owner = deep ? form.shape.properties.get(deep[1]!) : undefined
    if (deep && owner?.types.has('object')) {
      const [, property, key] = deep as unknown as [string, string, string]
      const known = fields.get(property)?.[0]
      const holder = isObject(known) ? known : {}
      if (!isObject(known)) add(fields, property, holder)
      Object.defineProperty(holder, key, {
        value: scalar(decodeForm(raw), owner.properties.get(key) ?? owner.rest)[0],
        enumerable: true,
        configurable: true,
        writable: true,
      })
    } else if (deep && deep[2] === '' && owner?.types.has('array'))
      add(fields, deep[1]!, scalar(decodeForm(raw), owner.items)[0])
    else add(fields, name, fieldValue(decodeForm(raw), shape, encoding?.types))
  }
  return { ok: true, value: objectOf(fields, form.shape) }
}

function readMultipart(body: Body, type: ContentType, form: FormReading): BodyReading {
  const parts = partsOf(body.bytes, type.parameters.get('boundary'))
  if (typeof parts === 'string')
    return { ok: false, observed: 'a body that does not split into parts', expected: parts }
  const fields = new Map<string, unknown[]>()
  for (const part of parts) {
    const types = form.encoding.get(part.name)?.types ?? []
    const sent = { essence: part.type, parameters: new Map<string, string>() }
    if (types.length > 0 && !types.some((one) => fitOf({ ...one, parameters: new Map() }, sent) > 0)) {
      return {
        ok: false,
        pointer: join('', part.name),
        observed: part.type,
        expected: types.map((one) => one.essence).join(' or '),
      }
    }
    const shape = form.shape.properties.get(part.name) ?? form.shape.rest
    if (part.fileName !== undefined) add(fields, part.name, Buffer.from(part.bytes).toString('latin1'))
    else if (part.type.endsWith('json')) {
      const value = parsed(Buffer.from(part.bytes).toString('utf8'))
      if (!value)
        return {
          ok: false,
          pointer: join('', part.name),
          observed: 'a part that is not JSON',
          expected: 'JSON, as the part says',
        }
      add(fields, part.name, value.value)
    } else add(fields, part.name, fieldValue(Buffer.from(part.bytes).toString('utf8'), shape, types))
  }
  return { ok: true, value: objectOf(fields, form.shape) }
}

/** A field's text as its schema wants it; objects travel as JSON. */
function fieldValue(text: string, shape: Shape | undefined, types: readonly ContentType[] | undefined): unknown {
  const wantsJson = shape?.types.has('object') || types?.some((type) => type.essence.endsWith('json'))
  if (wantsJson) return parsed(text)?.value ?? text
  return scalar(text, shape?.types.has('array') ? shape.items : shape)[0]
}

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

function add(fields: Map<string, unknown[]>, name: string, value: unknown): void {
  const known = fields.get(name)
  if (known) known.push(value)
  else fields.set(name, [value])
}

/** A field given several times is an array; one that the schema wants as an array is one also when given once. */
function objectOf(fields: ReadonlyMap<string, unknown[]>, shape: Shape): Record<string, unknown> {
  return Object.fromEntries(
    [...fields].map(([name, values]) => {
      const one = values.length === 1 && (!shape.properties.get(name)?.types.has('array') || Array.isArray(values[0]))
      return [name, one ? values[0] : values]
    }),
  )
}
