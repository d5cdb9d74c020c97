import { bytesText, plural } from '../ui/format.ts'
import { runAction } from './actions.ts'
import { useNavigation } from './navigation.ts'
import { useWorkbench, useWorkspace } from './workbench.ts'
import './footer.css'

/** What is wrong, what is in force, what was recorded, what is being done. */
export function Footer() {
  const { problems, revision, lastGood, captures } = useWorkspace()!
  const unsaved = useWorkbench((workbench) => workbench.unsaved)
  const job = useWorkbench((workbench) => workbench.job)
  const go = useNavigation((navigation) => navigation.go)
  const errors = problems.some(({ severity }) => severity === 'error')
  return (
    <footer className="footer">
      {problems.length === 0 ? (
        <span>✓ no problems</span>
      ) : (
        <button
          type="button"
          className={errors ? 'tone-deny' : 'tone-would'}
          onClick={() => runAction('view.problems')}
        >
          ⚠ {plural(problems.length, 'problem')}
        </button>
      )}
      {revision !== '' && (
        <span title={`Revision in force: ${revision}`}>
          revision <span className="code">{revision.slice(0, 7)}</span>
          {lastGood ? ' · in force, the files do not load' : unsaved.length === 0 ? ' · saved' : ''}
        </span>
      )}
      {unsaved.length > 0 && (
        <button type="button" className="tone-would" title={unsaved.join('\n')} onClick={() => go('policies')}>
          {unsaved.length === 1 ? unsaved[0] : `${unsaved.length} files`} edited, not saved
        </button>
      )}
      <span className="grow" />
      {job && (
        <span className="footer-job" role="status">
          <i aria-hidden="true" />
          {job.title}
          {job.cancel && (
            <button type="button" onClick={job.cancel}>
              Cancel
            </button>
          )}
        </span>
      )}
      <span className="num">
        {plural(captures.exchanges, 'exchange')} recorded · {bytesText(captures.bytes)}
      </span>
    </footer>
  )
}
