import { resolved, type OpenApiDocument } from './document.ts'
import { isObject, join } from './pointer.ts'
import { shapeOf, type Shape } from './shape.ts'

export type ParameterPlace = 'path' | 'query' | 'header' | 'cookie'
export type ParameterStyle = 'simple' | 'label' | 'matrix' | 'form' | 'spaceDelimited' | 'pipeDelimited' | 'deepObject'

/** A documented parameter, its references followed and its defaults filled in (OpenAPI 3.1 §4.8.12). */
export interface Parameter {
  readonly name: string
  readonly in: ParameterPlace
  readonly required: boolean
  readonly deprecated: boolean
  readonly allowEmptyValue: boolean
  readonly style: ParameterStyle
  readonly explode: boolean
  /** Media type, where the parameter has `content` instead of `schema`. */
  readonly mediaType: string | undefined
  /** Pointer to the parameter's schema; undefined when it has none. */
  readonly schema: string | undefined
  /** What the schema says about types, which the text is read by. */
  readonly shape: Shape
  readonly pointer: string
}

/** Header parameters that OpenAPI says are described elsewhere. */
const ignoredHeaders: ReadonlySet<string> = new Set(['accept', 'content-type', 'authorization'])

const styles: Readonly<Record<ParameterPlace, readonly ParameterStyle[]>> = {
  path: ['simple', 'label', 'matrix'],
  query: ['form', 'spaceDelimited', 'pipeDelimited', 'deepObject'],
  header: ['simple'],
  cookie: ['form'],
}

/** Merges parameter lists; a later list wins over an earlier one with the same name and place. */
export function parametersOf(
  document: OpenApiDocument,
  lists: readonly { list: unknown; pointer: string }[],
): Parameter[] {
  const found = new Map<string, Parameter>()
  for (const { list, pointer } of lists) {
    if (!Array.isArray(list)) continue
    for (const [at, written] of list.entries()) {
      const entry = resolved(document, written, join(pointer, at))
      const parameter = entry && parameterOf(document, entry.value, entry.pointer)
      if (parameter) found.set(`${parameter.in}:${parameter.name}`, parameter)
    }
  }
  return [...found.values()]
}

function parameterOf(
  document: OpenApiDocument,
  value: Record<string, unknown>,
  pointer: string,
): Parameter | undefined {
  const { name, in: place } = value
  if (typeof name !== 'string' || typeof place !== 'string' || !Object.hasOwn(styles, place)) return undefined
  if (place === 'header' && ignoredHeaders.has(name.toLowerCase())) return undefined
  const at = place as ParameterPlace
  const possible = styles[at]
  const style = possible.includes(value['style'] as ParameterStyle) ? (value['style'] as ParameterStyle) : possible[0]!
  const [mediaType, media] = isObject(value['content']) ? (Object.entries(value['content'])[0] ?? []) : []
  const holder = mediaType === undefined ? pointer : join(join(pointer, 'content'), mediaType)
  const hasSchema = (mediaType === undefined ? value : isObject(media) ? media : {})['schema'] !== undefined
  const schema = hasSchema ? join(holder, 'schema') : undefined
  return {
    name: at === 'header' ? name.toLowerCase() : name,
    in: at,
    required: value['required'] === true || at === 'path',
    deprecated: value['deprecated'] === true,
    allowEmptyValue: value['allowEmptyValue'] === true,
    style,
    explode: typeof value['explode'] === 'boolean' ? value['explode'] : style === 'form' || style === 'deepObject',
    mediaType,
    schema,
    shape: shapeOf(document, schema),
    pointer,
  }
}
