import { visibleLines } from '../../gateway-core/visible.ts'
import { tellDone } from '../shell/notices.ts'
import { copyText } from '../traffic/exchange-store.ts'
import { Button } from '../ui/button.tsx'
import { useWhatIf } from './what-if-store.ts'

/** The smallest request that still shows the difference, ready to be taken along. */
export function ShrunkView({ id }: { id: string }) {
  const shrunk = useWhatIf((whatIf) => whatIf.shrunk)
  if (shrunk?.id !== id) return null
  const { request, problem } = shrunk
  if (problem) {
    return (
      <div className="shrunk" role="alert">
        <span className="tone-deny" aria-hidden="true">
          ✕{' '}
        </span>
        {problem.what}
      </div>
    )
  }
  if (!request) return <div className="shrunk faint">Shrinking: each try is judged by both versions…</div>
  const { method, target, headers, body, dropped } = request
  const text = [
    `${method} ${target}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : ['', body]),
  ].join('\n')
  const copy = async (what: string, value: string) => {
    await copyText(value)
    tellDone(`Copied as ${what}`)
  }
  return (
    <div className="shrunk" aria-label="Smallest request">
      <div className="row">
        <b>Smallest request</b>
        <span className="faint cut" title={dropped.join(', ')}>
          {dropped.length === 0 ? 'nothing could go' : `without ${dropped.join(', ')}`}
        </span>
        <span className="grow" />
        <Button onClick={() => void copy('curl', request.curl)}>Copy as curl</Button>
        <Button onClick={() => void copy('a policy test', request.test)}>Copy as test</Button>
      </div>
      <pre tabIndex={0} aria-label="The request">
        {visibleLines(text.slice(0, 8000))}
      </pre>
    </div>
  )
}
