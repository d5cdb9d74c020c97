import { posix } from 'node:path'
import { positionsOf } from '../openapi/text.ts'
import type { Definition } from '../protocol/types.ts'

/**
 * Where the `$ref` at a cursor of an OpenAPI document leads: a place in it, or in another file of the workspace. Null
 * where there is none at the cursor, or where nothing stands there.
 */
export function referenceAt(
  cursor: { path: string; text: string; line: number; column: number },
  textOf: (path: string) => string | undefined,
): Definition | null {
  const line = cursor.text.split(/\r\n|\r|\n/)[cursor.line - 1] ?? ''
  for (const match of line.matchAll(/(["']?)\$ref\1\s*:\s*(?:"([^"]+)"|'([^']+)'|([^\s,}'"]+))/g)) {
    const at = cursor.column - 1
    if (at < match.index || at > match.index + match[0].length) continue
    const [file = '', pointer = ''] = (match[2] ?? match[3] ?? match[4] ?? '').split('#')
    if (/^[a-z][\w+.-]*:/i.test(file)) return null
    const path = file === '' ? cursor.path : posix.join(posix.dirname(cursor.path), file)
    const text = file === '' ? cursor.text : textOf(path)
    if (text === undefined) return null
    const place = positionsOf(text)(pointer)
    return { path, line: place.line ?? 1, column: place.column ?? 1 }
  }
  return null
}
