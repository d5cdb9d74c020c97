import { visibleLines } from '../../gateway-core/visible.ts'
import { core } from '../core/core.ts'
import { tellDone, tellFailure, useNotices } from '../shell/notices.ts'
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
  const { method, target, headers, body, messages = [], dropped } = request
  const text = [
    `${method} ${target}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : ['', body]),
    ...messages.map(({ side, text: said }) => `\n${side === 'request' ? '→' : '←'} ${said}`),
  ].join('\n')
  const copyCurl = async () => {
    await copyText(request.curl)
    tellDone('Copied as curl')
  }
  return (
    <div className="shrunk" aria-label="Smallest request">
      <div className="row">
        <b className="nowrap">{messages.length > 0 ? 'Smallest talk' : 'Smallest request'}</b>
        <span className="faint cut" title={dropped.join(', ')}>
          {dropped.length === 0 ? 'nothing could go' : `without ${dropped.join(', ')}`}
        </span>
        <span className="grow" />
        <Button onClick={() => void copyCurl().catch(tellFailure)}>Copy as curl</Button>
        {messages.length === 0 && (
          <Button
            tip="It holds by the saved files, and fails by the edit"
            onClick={() => void copyTest(id).catch(tellFailure)}
          >
            Copy as test
          </Button>
        )}
      </div>
      <pre tabIndex={0} aria-label="The request">
        {visibleLines(text.slice(0, 8000))}
      </pre>
    </div>
  )
}

async function copyTest(id: string): Promise<void> {
  const { text, note } = await core.call('whatIf.test', { run: useWhatIf.getState().run, id })
  await copyText(text)
  if (note === undefined) tellDone('Copied as policy test')
  else useNotices.getState().tell({ what: 'Copied as policy test', todo: note, severity: 'warning' })
}
