import type { RequestMessage } from '../exchange.ts'

const none: readonly string[] = []
const fields: ReadonlySet<string> = new Set(['x-http-method-override', 'x-http-method', 'x-method-override'])

/**
 * Methods that a request names besides its own, in upper case; empty for nearly all. Many frameworks act on them in place of
 * the one that was judged. Known are the header fields for it, in their spelling with underscores too; the `_method` of some
 * frameworks stands in a form, which nobody has read where a method is judged.
 */
export function otherMethods({ method, headers: { raw } }: RequestMessage): readonly string[] {
  let found: string[] | undefined
  for (let at = 0; at < raw.length; at += 2) {
    const { length } = raw[at]!
    // Looked at by length and first letter alone, for nearly every request.
    if ((length !== 22 && length !== 17 && length !== 13) || (raw[at]!.charCodeAt(0) | 0x20) !== 0x78) continue
    if (fields.has(raw[at]!.toLowerCase().replaceAll('_', '-'))) (found ??= []).push(...raw[at + 1]!.split(','))
  }
  if (found === undefined) return none
  return found.map((name) => name.trim().toUpperCase()).filter((name) => name !== '' && name !== method)
}
