import type { OriginalMessage, Touch } from '../../gateway-core/capture/record.ts'
import type { RawHeaders } from '../../gateway-core/exchange.ts'
import type { ExchangeDetail } from '../../gateway-core/protocol/types.ts'
import { visible } from '../../gateway-core/visible.ts'
import { type Compared, compareMessages } from '../traffic/message-changes.ts'
import { SealedText } from '../traffic/sealed-text.tsx'
import { useText } from '../traffic/body-diff.tsx'
import { BodyView } from '../traffic/body-view.tsx'
import { MessageDiff } from '../traffic/message-diff.tsx'
import { bytesText } from '../ui/format.ts'
import { TouchText } from './touch-text.tsx'
import './interception.css'

type Exchange = ExchangeDetail['exchange']

const connectionFields = new Set(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'via'])

/** Lines of an original body that are shown. */
const mostLines = 2000

/** What breakpoints and rules did to an exchange, with the original beside what went on. */
export function InterceptionView({ detail }: { detail: ExchangeDetail }) {
  const { exchange } = detail
  const { intercepted } = exchange
  if (!intercepted) return null
  const { touches, request, response } = intercepted
  return (
    <section className="changes" aria-label="Breakpoints and rules">
      <div className="exchange-heading">
        <h3>{titleOf(touches)}</h3>
      </div>
      <ul className="touches">
        {touches.map((touch, at) => (
          <li key={at}>
            <TouchText touch={touch} />
          </li>
        ))}
      </ul>
      {request && <Edited title="Request" original={request} detail={detail} side="request" />}
      {response && exchange.response && <Edited title="Response" original={response} detail={detail} side="response" />}
    </section>
  )
}

function titleOf(touches: readonly Touch[]): string {
  const edited = touches.some(({ did }) => did === 'edited')
  if (edited) return 'Edited at a breakpoint'
  return touches.some(({ by }) => by === 'rule') ? 'Touched by a rule' : 'Held at a breakpoint'
}

interface EditedProps {
  title: string
  original: OriginalMessage
  detail: ExchangeDetail
  side: 'request' | 'response'
}

function Edited({ title, original, detail, side }: EditedProps) {
  const judged = judgedMessage(detail.exchange, side)
  const compared = compareMessages(
    { start: original.start, headers: ofMessage(original.headers), body: original.body },
    { start: judged.start, headers: ofMessage(judged.headers), body: original.body && { length: -1 } },
  )
  return (
    <>
      <Lines title={title} compared={compared} />
      {original.body && <Bodies original={original.body} detail={detail} side={judged.body} />}
    </>
  )
}

type Judged = ReturnType<typeof judgedMessage>['body']

/** Line by line where both are whole texts. */
function Bodies(props: { original: NonNullable<OriginalMessage['body']>; detail: ExchangeDetail; side: Judged }) {
  const { original, detail, side } = props
  const text = useText(detail, side)
  if (text !== undefined && original.text !== undefined && !original.truncated) {
    return <MessageDiff before={{ text: original.text }} after={{ text }} />
  }
  return (
    <div className="compared-bodies">
      <OriginalBody body={original} />
      <BodyView detail={detail} side={side} compact />
    </div>
  )
}

/** Without what belongs to a connection: each side of the gateway has its own. */
function ofMessage(headers: RawHeaders): string[] {
  return headers.filter((_, at) => !connectionFields.has(headers[at - (at % 2)]!.toLowerCase()))
}

/** The message as the policies saw it: for a response the upstream's, where they changed it afterwards. */
function judgedMessage(exchange: Exchange, side: 'request' | 'response') {
  if (side === 'request') {
    const { method, target, headers } = exchange.request
    return { start: `${method} ${target}`, headers, body: 'request' as const }
  }
  const changed = exchange.upstreamResponse !== undefined
  const { status, reason, headers } = (exchange.upstreamResponse ?? exchange.response)!
  return {
    start: `${status} ${reason}`.trim(),
    headers,
    body: changed ? ('upstreamResponse' as const) : ('response' as const),
  }
}

function Lines({ title, compared }: { title: string; compared: Compared }) {
  const changed = compared.lines.filter(({ same }) => !same)
  if (changed.length === 0) return <p className="dim touches-same">{title}: only the body was changed.</p>
  return (
    <table className="compared compared-pair">
      <thead>
        <tr>
          <th scope="col">{title} as it came</th>
          <th scope="col">as it went on</th>
        </tr>
      </thead>
      <tbody>
        {changed.map((line, at) => (
          <tr key={at}>
            <Cell name={line.name} value={line.original} kind="del" />
            <Cell name={line.name} value={line.modified} kind="add" />
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Cell({ name, value, kind }: { name: string; value: string | undefined; kind: 'add' | 'del' }) {
  if (value === undefined) return <td className="faint compared-none">–</td>
  return (
    <td className={`compared-${kind}`}>
      <code>
        {name !== '' && <span className="dim">{visible(name, 100)}: </span>}
        <SealedText text={value} most={600} />
      </code>
    </td>
  )
}

function OriginalBody({ body }: { body: NonNullable<OriginalMessage['body']> }) {
  const note = `${bytesText(body.length)}${body.truncated ? ', only its beginning was recorded' : ''}`
  return (
    <section className="body" aria-label="Original body">
      <div className="row body-bar">
        <span className="dim cut num">{note}</span>
      </div>
      <pre className="body-lines touches-body">
        {body.text === undefined
          ? 'Binary content.'
          : body.text
              .split('\n', mostLines)
              .map((line, at) => <div key={at}>{line === '' ? '\u00a0' : <SealedText text={line} />}</div>)}
      </pre>
    </section>
  )
}
