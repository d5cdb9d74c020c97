import type { ChangedMessage, WhatIfKind } from '../protocol/what-if.ts'

/** What became of a message of a WebSocket or an event stream. */
export type MessageEnd =
  /** It went on; `content` tells one changed content from another, and is absent where nobody changed it. */
  | { readonly end: 'sent'; readonly content?: string; readonly length: number }
  /** It ended the exchange. */
  | {
      readonly end: 'denied'
      readonly verdict: 'deny' | 'respond' | 'error'
      readonly code?: string
      readonly decidedBy: string
    }
  | { readonly end: 'undecidable'; readonly missing: string; readonly decidedBy?: string }

/** A message that ends otherwise than recorded. */
export interface SaidOtherwise extends ChangedMessage {
  readonly was: MessageEnd
  readonly now: MessageEnd
}

export interface OtherMessage {
  readonly message: ChangedMessage
  readonly kind: WhatIfKind
  readonly before: MessageEnd
  readonly after: MessageEnd
}

/**
 * The first message that two judgements of an exchange end otherwise, each told by what it makes of the record. One that
 * is denied on one side only, or by another policy, counts before one that is sent with other content.
 */
export function firstOther(one: readonly SaidOtherwise[], other: readonly SaidOtherwise[]): OtherMessage | undefined {
  if (one.length === 0 && other.length === 0) return undefined
  let transformed: OtherMessage | undefined
  let [a, b] = [0, 0]
  while (a < one.length || b < other.length) {
    const [left, right] = [one[a], other[b]]
    const number = Math.min(left?.number ?? Infinity, right?.number ?? Infinity)
    const ofOne = left?.number === number ? one[a++] : undefined
    const ofOther = right?.number === number ? other[b++] : undefined
    const { side, kind } = (ofOne ?? ofOther)!
    const before = ofOne?.now ?? ofOther!.was
    const after = ofOther?.now ?? ofOne!.was
    const found = compare(before, after)
    if (found) {
      const different = { message: { number, side, kind }, kind: found, before, after }
      if (found !== 'transformed') return different
      transformed ??= different
    }
    // Behind it nothing was said.
    if (before.end !== 'sent' && after.end !== 'sent') break
  }
  return transformed
}

function compare(before: MessageEnd, after: MessageEnd): WhatIfKind | undefined {
  if (before.end === 'undecidable' || after.end === 'undecidable') return 'undecidable'
  if (before.end === 'sent' && after.end === 'sent') return before.content === after.content ? undefined : 'transformed'
  if (before.end === 'sent') return 'newlyDenied'
  if (after.end === 'sent') return 'newlyAllowed'
  const alike = before.verdict === after.verdict && before.code === after.code && before.decidedBy === after.decidedBy
  return alike ? undefined : 'otherPolicy'
}

/** Which side said it, in words: `message from the client`. */
export function messageFrom({ side }: Pick<ChangedMessage, 'side'>): string {
  return `message from the ${side === 'request' ? 'client' : 'upstream'}`
}
