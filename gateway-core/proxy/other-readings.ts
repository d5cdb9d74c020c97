/**
 * Paths that some servers take a normalized path for (OWASP API5:2023): they merge repeated slashes, cut off path
 * parameters (`;a=b`), decode what was encoded twice, ignore dots and spaces at the end of a segment, or a slash at the
 * end of the path. None of this is changed on the way to the upstream; it only says under which other names a request
 * may arrive there. Empty for paths that everybody reads alike.
 */
export function otherReadings(path: string): readonly string[] {
  if (!suspect.test(path)) return none
  const readings = new Set(steps.map((step) => step(path)))
  let all = path
  for (const step of steps) all = step(all)
  readings.add(all)
  readings.delete(path)
  return [...readings]
}

/** Whether servers that do not distinguish upper and lower case could take the path for another. */
export function hasUpperCase(path: string): boolean {
  return /[A-Z]/.test(path)
}

const none: readonly string[] = []
const suspect = /\/\/|;|%25|[^/]\/$|(?:\.|%20)(?:\/|$)/

const steps: readonly ((path: string) => string)[] = [
  decodedAgain,
  (path) => path.replaceAll('\\', '/'),
  (path) => path.replaceAll(/;[^/]*/g, ''),
  (path) => path.replaceAll(/\/{2,}/g, '/'),
  withoutDotSegments,
  (path) => path.replaceAll(/(?<=[^/.])(?:\.|%20| )+(?=\/|$)/g, ''),
  (path) => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path),
]

/** `%2561` is `%61` for the gateway, and `a` for who decodes once more. */
function decodedAgain(path: string): string {
  let decoded = path
  for (let times = 0; times < 3 && decoded.includes('%25'); times++) {
    decoded = decoded.replaceAll(/%25([0-9a-f]{2})/gi, (_, hex: string) => visibleCharacter(parseInt(hex, 16)))
  }
  return decoded
}

function visibleCharacter(code: number): string {
  return code > 0x20 && code < 0x7f ? String.fromCharCode(code) : `%${code.toString(16).padStart(2, '0').toUpperCase()}`
}

function withoutDotSegments(path: string): string {
  if (!/\/\.{1,2}(?:\/|$)/.test(path)) return path
  const kept: string[] = []
  for (const segment of path.split('/').slice(1)) {
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
  }
  return `/${kept.join('/')}`
}
