import { RE2JS } from 're2js'
import type { Setup } from '../../pipeline/policy.ts'

const originForm = /^[a-z][a-z0-9+.-]*:\/\/(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/

/** Serialized as browsers do it (HTML §7.1.1): lower case, no path, no default port. */
export function isOrigin(text: string): boolean {
  return text === 'null' || originForm.test(text)
}

/** An origin as written, with a problem where no browser would ever send it. */
export function checkedOrigin(origin: string, pointer: string, setup: Setup): string {
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  const serialized = url && (url.origin === 'null' ? `${url.protocol}//${url.host}` : url.origin)
  if (!serialized || !isOrigin(serialized) || url.username !== '' || url.search !== '') {
    setup.problem(pointer, 'BAD_ADDRESS', `"${origin}" is not an origin`, 'write it like https://shop.example.com')
  } else if (serialized !== origin) {
    const message = `browsers never send "${origin}", so it would match nothing`
    setup.problem(pointer, 'BAD_ADDRESS', message, `write ${serialized}`)
  }
  return origin
}

/** `https://*.example.com`: one or more labels in front, never the domain itself, never a suffix of another one. */
export function subdomains(origin: string, pointer: string, setup: Setup): (origin: string) => boolean {
  const parts = /^([a-z][a-z0-9+.-]*:\/\/)\*(\.[a-z0-9._-]+(?::\d{1,5})?)$/.exec(origin)
  if (!parts || !/^\.[a-z0-9_-]+(\.[a-z0-9_-]+)+(:\d+)?$/.test(parts[2]!)) {
    const message = `"${origin}" is not an origin with a wildcard subdomain`
    setup.problem(pointer, 'BAD_ADDRESS', message, 'write it like https://*.example.com')
    return () => false
  }
  const [, start, end] = parts as unknown as [string, string, string]
  const labels = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/
  return (candidate) =>
    candidate.startsWith(start) &&
    candidate.endsWith(end) &&
    candidate.length > start.length + end.length &&
    labels.test(candidate.slice(start.length, -end.length))
}

/** A regular expression over whole origins, linear in time; one that does not compile matches nothing. */
export function matcher(expression: string, pointer: string, setup: Setup): (origin: string) => boolean {
  try {
    const compiled = RE2JS.compile(expression)
    const stranger = strangerIn(expression, (origin) => compiled.matches(origin))
    if (stranger !== undefined) {
      const message = `this expression also takes ${stranger}, which somebody else may own`
      setup.problem(
        pointer,
        'UNSAFE',
        message,
        'write dots as \\., and a dot before the domain: https://[a-z]+\\.example\\.com',
      )
    }
    return (origin) => isOrigin(origin) && compiled.matches(origin)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    const suggestion = 'write it in the RE2 syntax, like https://[a-z]+\\.example\\.com'
    setup.problem(pointer, 'BAD_EXPRESSION', `"${expression}" does not compile: ${reason}`, suggestion)
    return () => false
  }
}

/** An origin beside those that an expression means: a domain that begins or ends like one of its own, or has a letter for a dot. */
function strangerIn(expression: string, matches: (origin: string) => boolean): string | undefined {
  // Of alternatives the first stands for all.
  const simple = expression.replaceAll(/\((?:\?:)?([^()|]*)\|[^()]*\)/g, '$1')
  for (const [written] of simple.matchAll(/[a-z0-9-]+(?:\\?\.[a-z0-9-]+)+/gi)) {
    const domain = written.replaceAll('\\', '')
    // A dot without a backslash stands for any character; behind the last one no letter makes a domain.
    const confused = written.replaceAll(/(?<!\\)\.(?=.*\.)/g, 'x').replaceAll('\\', '')
    const hosts = [`evil${domain}`, `${domain}.evil.example`, ...(confused === domain ? [] : [confused])]
    const found = hosts.flatMap((host) => [`https://${host}`, `http://${host}`]).find(matches)
    if (found !== undefined) return found
  }
  return undefined
}

/** Origins that somebody else can take on, together with the visitor's cookies. */
export function warnOfCredentials(origins: readonly (string | { matches: string })[], setup: Setup): void {
  origins.forEach((origin, at) => {
    if (origin === '*') {
      const message = 'with `credentials: true`, `*` would let every page of the web act for its visitor'
      setup.problem(`/origins/${at}`, 'BAD_VALUE', message, 'name the origins, or set `credentials: false`')
    } else if (origin === 'null') {
      const message = 'any page can make itself a `null` origin with a sandboxed frame, and act with credentials'
      setup.problem(`/origins/${at}`, 'UNSAFE', message, 'remove `null`, or set `credentials: false`')
    } else if (typeof origin === 'string' && /^http:\/\/(?!localhost|127\.|\[::1\])/.test(origin)) {
      const message = 'whoever sits on the network can change a page without TLS, and act with credentials'
      setup.problem(`/origins/${at}`, 'UNSAFE', message, 'use https://')
    } else if (typeof origin !== 'string' && matchesAnything(origin.matches)) {
      const message = 'this expression matches origins that nobody here owns, with credentials'
      setup.problem(`/origins/${at}/matches`, 'UNSAFE', message, 'spell the domain out, with dots written as \\.')
    }
  })
}

/** Tries origins that nobody means to allow. */
function matchesAnything(expression: string): boolean {
  try {
    const compiled = RE2JS.compile(expression)
    return ['https://attacker.invalid', 'https://x', 'null'].some((origin) => compiled.matches(origin))
  } catch {
    return false
  }
}
