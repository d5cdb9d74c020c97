import { authorityOf } from './authority.ts'
import { normalizePath, plainPath } from './path.ts'
import type { HeadInput, HeadRefusal } from './strict.ts'

/** What a request target says. */
export interface ReadTarget {
  authority: string
  /** Normalized path; `*` for `OPTIONS *`. */
  path: string
  /** Query without `?`, as received. */
  query: string
}

/**
 * Reads a request target in origin, absolute or asterisk form (RFC 9112 §3.2, RFC 9113 §8.3.1). An absolute form has
 * to agree with `host` (the authority that Host named, or empty) and with the listener's scheme. Refusals point at the
 * character of the target.
 */
export function readTarget(input: HeadInput, host: string): ReadTarget | HeadRefusal {
  const { target } = input
  let authority = host
  let origin = target
  if (target.charCodeAt(0) !== 0x2f) {
    if (target === '*') {
      if (input.method !== 'OPTIONS') return refuse('BAD_TARGET', 'The target `*` is for OPTIONS alone.', 0)
      return { authority, path: '*', query: '' }
    }
    if (input.httpVersion === '2') return refuse('BAD_TARGET', '`:path` has to begin with a slash.', 0)
    const absolute = readAbsolute(target, input.scheme, host)
    if ('code' in absolute) return absolute
    authority = absolute.authority
    origin = absolute.origin
  }
  const mark = origin.indexOf('?')
  const rawPath = mark < 0 ? origin : origin.slice(0, mark)
  const query = mark < 0 ? '' : origin.slice(mark + 1)
  const lead = target.length - origin.length
  if (!isQuery(query)) {
    const at = lead + mark + 1 + query.search(notAllowed)
    return refuse('BAD_TARGET', 'The query holds a character that has to be percent-encoded.', at)
  }
  const path = plainPath(rawPath)
  if (path !== undefined) return { authority, path, query }
  const wrong = rawPath.search(notAllowed)
  if (wrong >= 0) {
    return refuse('BAD_TARGET', 'The target holds `#`, white space or a character that is not ASCII.', lead + wrong)
  }
  const normal = normalizePath(rawPath)
  if ('problem' in normal && input.asSent?.(authority, input.scheme)) return { authority, path: rawPath, query }
  if ('problem' in normal) return refuse('AMBIGUOUS_PATH', sentence(normal.problem), lead + normal.offset)
  return { authority, path: normal.path, query }
}

function readAbsolute(
  target: string,
  scheme: 'http' | 'https',
  host: string,
): { authority: string; origin: string } | HeadRefusal {
  const match = /^(https?):\/\/([^/?#]*)(.*)$/i.exec(target)
  if (!match) return refuse('BAD_TARGET', 'The target has to begin with a slash.', 0)
  if (match[1]!.toLowerCase() !== scheme) {
    return refuse('BAD_TARGET', `The target names another scheme than this listener, which speaks ${scheme}.`, 0)
  }
  const authority = authorityOf(match[2]!)
  if (authority === undefined) return refuse('BAD_TARGET', 'The target names no valid host.', match[1]!.length + 3)
  if (host !== '' && withoutDefaultPort(host, scheme) !== withoutDefaultPort(authority, scheme)) {
    return refuse('BAD_TARGET', 'The target and Host name different hosts.', match[1]!.length + 3)
  }
  const rest = match[3]!
  return { authority, origin: rest.startsWith('/') ? rest : `/${rest}` }
}

/** `example.com:80` and `example.com` are one host where 80 is the scheme's own port (RFC 9110 §4.2.3). */
export function withoutDefaultPort(authority: string, scheme: 'http' | 'https'): string {
  const own = scheme === 'https' ? ':443' : ':80'
  return authority.endsWith(own) ? authority.slice(0, -own.length) : authority
}

// Printable ASCII without `#`: a fragment is never sent, and other bytes are read in different encodings.
const notAllowed = /[^\x21\x22\x24-\x7e]/

function isQuery(query: string): boolean {
  return query === '' || /^[\x21\x22\x24-\x7e]*$/.test(query)
}

function sentence(problem: string): string {
  return `${problem[0]!.toUpperCase()}${problem.slice(1)}.`
}

function refuse(code: HeadRefusal['code'], detail: string, offset: number): HeadRefusal {
  return { code, detail, offset }
}
