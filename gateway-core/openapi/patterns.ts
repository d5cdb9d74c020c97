import { RE2JS } from 're2js'

/** What ajv needs of a compiled `pattern`. */
interface PatternTest {
  test(text: string): boolean
}

/** Inputs up to this many characters are cheap for any pattern without nested repetition. */
const shortInput = 500
/** A pattern that only a backtracking engine understands gets no more than this. */
const backtrackingInput = 2_000

/**
 * Compiles a `pattern` of a schema so that hostile input cannot make it slow: the built-in engine where it is safe, a
 * linear-time one (RE2) elsewhere. Patterns with look-around or back-references, which RE2 lacks, do not match inputs
 * past 2,000 characters. A pattern that no engine understands matches everything: it says nothing that could be checked.
 */
export function compilePattern(pattern: string): PatternTest {
  const native = nativeOf(pattern)
  if (native && isSimple(pattern)) {
    let linear: PatternTest | undefined
    return {
      test: (text) =>
        text.length <= shortInput ? native.test(text) : (linear ??= linearOf(pattern, native)).test(text),
    }
  }
  return linearOf(pattern, native)
}

/** For ajv's `code.regExp`: its generated code calls this through a scope value. */
export const patternEngine = Object.assign(
  (pattern: string) => Object.assign(compilePattern(pattern), { toString: () => pattern }) as unknown as RegExp,
  { code: 'compilePattern' },
)

function linearOf(pattern: string, native: RegExp | undefined): PatternTest {
  try {
    const compiled = RE2JS.compile(toRe2(pattern))
    return { test: (text) => compiled.test(text) }
  } catch {
    if (!native) return { test: () => true }
    return { test: (text) => text.length <= backtrackingInput && native.test(text) }
  }
}

function nativeOf(pattern: string): RegExp | undefined {
  for (const flags of ['u', '']) {
    try {
      return new RegExp(pattern, flags)
    } catch {
      // Many documents escape what the `u` flag wants bare.
    }
  }
  return undefined
}

/** No group is repeated without bound, so that the worst case is a low power of a short input. */
function isSimple(pattern: string): boolean {
  const bare = pattern.replaceAll(/\\./g, 'x').replaceAll(/\[[^\]]*\]/g, 'x')
  if (/\)(?:[*+]|\{\d+,?\d*\})/.test(bare) || /\\[1-9k]|\(\?[=!<]/.test(pattern)) return false
  return (bare.match(/[*+]|\{\d+,\d*\}/g) ?? []).length <= 2
}

/** ECMAScript spellings that RE2 writes otherwise. */
function toRe2(pattern: string): string {
  return pattern
    .replaceAll(/\\u\{([0-9a-f]+)\}/gi, String.raw`\x{$1}`)
    .replaceAll(/\\u([0-9a-f]{4})/gi, String.raw`\x{$1}`)
    .replaceAll(String.raw`\/`, '/')
    .replaceAll(String.raw`\d`, String.raw`\d`)
    .replaceAll(/\$$/g, String.raw`\z`)
}
