import type { Replacement, Rewrite, Rule, RuleAction } from '../config/rules.ts'
import type { MessageSide } from '../exchange.ts'

/** What a rule does, in one plain sentence. */
export function explainRule(rule: Rule): string {
  const { match, share, enabled } = rule
  const which = match === '' ? 'every exchange' : `exchanges that match ${match}`
  const part = share === 1 ? '' : ` (${Number((share * 100).toPrecision(3))} % of them, by chance)`
  return `${enabled ? '' : 'Off. '}For ${which}${part}: ${explainAction(rule)}.`
}

/** Only what it does: `sets the request header X-Debug to 1`. With `side` only what it does to that message. */
export function explainAction({ action }: Pick<Rule, 'action'>, side?: MessageSide): string {
  switch (action.kind) {
    case 'rewrite':
      return explainRewrite(action, side)
    case 'mock': {
      const size = Buffer.byteLength(action.body)
      return `answers ${action.status} with ${size === 0 ? 'no body' : `${size} bytes`} in the place of the upstream`
    }
    case 'delay': {
      const { fromMs, toMs, bytesPerSecond } = action
      const wait = fromMs === toMs ? timeText(fromMs) : `${timeText(fromMs)} to ${timeText(toMs)}`
      const parts = toMs > 0 ? [`lets the answer wait ${wait}`] : []
      if (bytesPerSecond !== undefined) parts.push(`sends its body at ${bytesPerSecond} bytes each second`)
      return parts.join(' and ') || 'lets the answer pass as it is'
    }
    case 'reset':
      return 'resets the connection in the place of the upstream'
    case 'hang':
      return `says nothing for ${timeText(action.ms)}, then resets the connection`
    case 'status':
      return `answers ${action.status} in the place of the upstream`
    case 'truncate':
      return `ends the connection after ${action.bytes} bytes of the body`
    case 'slow':
      return `sends the body at ${action.bytesPerSecond} bytes each second`
  }
}

function explainRewrite(action: Extract<RuleAction, { kind: 'rewrite' }>, side?: MessageSide): string {
  const sides = (['request', 'response'] as const).flatMap((one) => {
    const rewrite = side === undefined || side === one ? action[one] : undefined
    return rewrite ? explainChanges(rewrite, one) : []
  })
  return sides.join(', ') || 'changes nothing'
}

function explainChanges(rewrite: Rewrite, side: 'request' | 'response'): string[] {
  const { method, status, removeHeaders, setHeaders, body, replace, setJson } = rewrite
  return [
    ...(method === undefined ? [] : [`makes the method ${method}`]),
    ...(status === undefined ? [] : [`makes the status ${status}`]),
    ...removeHeaders.map((name) => `removes the ${side} header ${name}`),
    ...setHeaders.map(([name, values]) => `sets the ${side} header ${name} to ${values.join(', ')}`),
    ...(body === undefined ? [] : [`sets the ${side} body`]),
    ...replace.map((one) => explainReplacement(one, side)),
    ...setJson.map(
      ([pointer, value]) => `sets ${pointer || 'the whole value'} in the ${side} body to ${JSON.stringify(value)}`,
    ),
  ]
}

function explainReplacement(one: Replacement, side: string): string {
  const what = typeof one.find === 'string' ? `"${one.source}"` : `what matches ${one.source}`
  const where = one.in === 'url' ? 'the URL' : `the ${side} ${one.in}`
  return one.with === '' ? `takes ${what} out of ${where}` : `replaces ${what} in ${where} with "${one.with}"`
}

function timeText(ms: number): string {
  return ms >= 1000 && ms % 100 === 0 ? `${ms / 1000} s` : `${ms} ms`
}
