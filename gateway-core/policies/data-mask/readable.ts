import type { BodyRules } from './mask-body.ts'

/**
 * Why nobody could find in a body what is to be masked: it is in a format in which a pointer leads nowhere or values stand
 * in other bytes. Undefined where it can be looked at. A client may choose such a format (`Accept`), so it is no way round.
 */
export function whyUnreadable(
  bytes: Uint8Array,
  contentType: string | undefined,
  { fields }: BodyRules,
): string | undefined {
  const type = contentType?.split(';', 1)[0]!.trim().toLowerCase() ?? ''
  if (binary.test(type)) return `${type}, in which no value is found`
  if (fields.length > 0 && withoutPointers.test(type)) return `${type}, in which no field is found`
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) return 'text in UTF-16'
  const charset = contentType && /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(contentType)?.[1]
  return charset && !asciiBased.test(charset) ? `the charset ${charset} is not understood` : undefined
}

/** Types that say the same as JSON in other bytes. */
export const binaryTypes = [
  'application/cbor',
  'application/msgpack',
  'application/x-msgpack',
  'application/vnd.msgpack',
  'application/bson',
]

const binary = new RegExp(`^(?:${binaryTypes.join('|').replaceAll('.', '\\.')}|application/[\\w.-]+\\+cbor)$`)
const withoutPointers = /^(?:application|text)\/(?:[\w.-]+\+)?(?:x-)?(?:xml|ya?ml|csv)$/

/** In these ASCII is ASCII, so that nothing needs decoding to find things; UTF-16 and its like do. */
const asciiBased = /^(?:utf-?8|us-ascii|ascii|iso-8859-\d+|latin1|windows-125\d)$/i
