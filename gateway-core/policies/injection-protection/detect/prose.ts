/** Signs after which honest text seldom goes on, and code does. */
const codeBefore = /[;|&$=(){}'"<>+*!~-]\s*$/
/** A text that begins so leaves a literal or a call. */
const leavesLiteral = /^\s*["');}\]]/
/** Words that white space sets apart, perhaps in brackets, quotes or emphasis. */
const words = /(?<=^|\s)[(["'*_]{0,2}\p{L}{2,}[)\]"'*_]{0,2}(?=[\s,.:;!?]|$)/gu
const leastWords = 4

/**
 * Whether what stands from `start` to `end` is mentioned in prose rather than written to be run: some words beside it, and no
 * sign before it that would end a literal or a command. Code only runs when the whole text is code; a text with words around it is
 * not.
 */
export function isMentioned(text: string, start: number, end: number): boolean {
  const before = text.slice(Math.max(0, start - 400), start)
  const after = text.slice(end, end + 400)
  if (leavesLiteral.test(text) || codeBefore.test(before.replace(/[`([]{1,3}$/, ''))) return false
  const least = before.endsWith('`') && after.includes('`') ? 1 : leastWords
  return hasWords(withoutCode(before), withoutCode(after), least)
}

/** Markdown code in a text, and how many words stand outside of it. */
export class CodeInProse {
  readonly #text: string
  readonly #spans: { from: number; to: number; inside: string; block: boolean }[] = []
  #words = 0

  /** Reads the text once, from its first to its last backtick. */
  constructor(text: string) {
    this.#text = text
    let outside = ''
    let rest = 0
    for (let from = text.indexOf('`'); from >= 0; from = text.indexOf('`', rest)) {
      let run = from
      while (text[run] === '`') run += 1
      const ticks = text.slice(from, run)
      const block = ticks.length > 2 && /^[\w-]{0,20}\s*\n/.test(text.slice(run, run + 40))
      const close = text.indexOf(ticks, run)
      if (close < 0 && !block) {
        outside += text.slice(rest, run)
        rest = run
        if (ticks.length === 1) break
        continue
      }
      const to = close < 0 ? text.length : close + ticks.length
      this.#spans.push({ from, to, inside: text.slice(run, close < 0 ? to : close), block })
      outside += `${text.slice(rest, from)} `
      rest = to
    }
    this.#words = (outside + text.slice(rest)).replaceAll(/https?:\S+/g, ' ').match(words)?.length ?? 0
  }

  /**
   * Whether what stands at `at` is in a code span or block: white space or a bracket before the first backtick, the end of a word after
   * the last, prose around. Around one of `names` alone a single word is enough.
   */
  holds(at: number, names: ReadonlySet<string>): boolean {
    const span = this.#spans.find(({ from, to }) => at >= from && at < to)
    if (!span) return false
    if (span.block) return true
    const before = this.#text[span.from - 1]
    const after = this.#text[span.to]
    if (before !== undefined && !/[\s([{*_|>"',/-]/.test(before)) return false
    if (after !== undefined && !/[\s)\]}*_|<"',.;:!?/\\-]/.test(after)) return false
    return this.#words >= (names.has(span.inside.toLowerCase()) ? 1 : leastWords)
  }
}

/** Whether the text holds a Markdown table, whose bars separate cells. */
export function isTable(text: string): boolean {
  return /(?:^|\n)\s{0,8}\|?\s{0,8}:?-{3,}:?\s{0,8}\|/.test(text)
}

function withoutCode(text: string): string {
  return text.replaceAll(/`[^`\n]*`/g, ' ').replaceAll(/https?:\S+/g, ' ')
}

function hasWords(before: string, after: string, least: number): boolean {
  return (before.match(words)?.length ?? 0) + (after.match(words)?.length ?? 0) >= least
}
