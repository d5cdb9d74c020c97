import { exactText } from './exact-send.ts'
import { HeldUpstream } from './held-upstream.ts'
import type { Instead } from './holds.ts'
import type { Passage } from './passage.ts'
import type { Target } from './upstream.ts'
import type { Abort, UpstreamCall, UpstreamSink } from './upstream-client/call.ts'

/** Sends a call on its way: by the usual means, past whoever may hold the answer, or byte by byte as it was written. */
export function dispatch(passage: Passage, target: Target, call: UpstreamCall): Abort {
  const holds = passage.engine.around.hold.current
  if (holds === undefined && !passage.origin?.exact) return target.pool.dispatch(call, passage)
  const held = holds && new HeldUpstream(passage, holds)
  const sink: UpstreamSink = held ?? passage
  const abort = passage.origin?.exact
    ? target.pool.dispatchExactly(exactText(passage, target, call), call, sink)
    : target.pool.dispatch(call, sink)
  return held ? held.from(abort) : abort
}

/** What a rule does in the place of the call. Its answer may be held like one of an upstream. */
export function dispatchInstead(passage: Passage, instead: Instead): Abort {
  let timer: NodeJS.Timeout | undefined
  const abort = () => clearTimeout(timer)
  if (instead.kind === 'reset') {
    timer = setTimeout(() => passage.breakOff(instead.why, 'failed', true), instead.afterMs)
    return abort
  }
  const holds = passage.engine.around.hold.current
  const held = holds && new HeldUpstream(passage, holds)
  const sink: UpstreamSink = held ?? passage
  const { status, reason, headers, body } = instead.answer
  const begin = () => {
    let left: Buffer | undefined = Buffer.from(body)
    const finish = () => {
      if (left && left.length > 0) {
        const bytes = left
        left = undefined
        if (!sink.onData(bytes)) return
      }
      sink.onEnd([])
    }
    if (sink.onHead(status, [...headers], finish, reason)) finish()
  }
  // Later, so that whoever asked has the way to end it in hand.
  timer = setTimeout(begin, 0)
  return held ? held.from(abort) : abort
}
