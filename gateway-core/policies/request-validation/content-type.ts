/** A Content-Type read as RFC 9110 §8.3 says: names in lower case. */
export interface ContentType {
  /** `type/subtype`. */
  essence: string
  parameters: ReadonlyMap<string, string>
}

const token = /^[!#$%&'*+.^_`|~\w-]+$/

/** Reads a media type; undefined when it is not one. */
export function parseContentType(text: string): ContentType | undefined {
  const semicolon = text.indexOf(';')
  const essence = (semicolon < 0 ? text : text.slice(0, semicolon)).trim().toLowerCase()
  const [type = '', subtype = '', ...more] = essence.split('/')
  if (more.length > 0 || !token.test(type) || !token.test(subtype)) return undefined
  if (semicolon < 0) return { essence, parameters: none }
  const parameters = new Map<string, string>()
  for (const found of text.slice(semicolon).matchAll(/;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g)) {
    const name = found[1]!.toLowerCase()
    // The first of two equal parameters counts; servers differ, so a second one that differs makes it no media type.
    const value = found[2] === undefined ? found[3]! : found[2].replaceAll(/\\(.)/g, '$1')
    if (parameters.has(name) && parameters.get(name) !== value) return undefined
    parameters.set(name, value)
  }
  return { essence, parameters }
}

const none: ReadonlyMap<string, string> = new Map()

/** How well a documented media type (perhaps a range such as `text/*`) fits, 0: not at all. Parameters it names have to be there. */
export function fitOf(documented: ContentType, sent: ContentType): number {
  for (const [name, value] of documented.parameters) {
    const given = sent.parameters.get(name)
    if (given === undefined ? name !== 'charset' : given.toLowerCase() !== value.toLowerCase()) return 0
  }
  const { essence } = documented
  if (essence === sent.essence) return 3 + documented.parameters.size
  if (essence === '*/*') return 1
  return essence.endsWith('/*') && sent.essence.startsWith(essence.slice(0, -1)) ? 2 : 0
}

export type BodyKind = 'json' | 'form' | 'multipart' | 'text' | 'opaque'

/** How a body of this type is read for validation; `opaque` bodies (XML, images, …) are not. */
export function kindOf(essence: string): BodyKind {
  if (essence === 'application/json' || essence.endsWith('+json') || essence === 'text/json') return 'json'
  if (essence === 'application/x-www-form-urlencoded') return 'form'
  if (essence === 'multipart/form-data') return 'multipart'
  if (essence === 'text/plain' || essence === 'text/csv' || essence === 'text/markdown') return 'text'
  return 'opaque'
}
