import { X } from 'lucide-react'
import { Button } from '../ui/button.tsx'
import { begun } from '../ui/format.ts'
import { useNotices } from './notices.ts'
import './notice-list.css'

const marks = { error: ['✕', 'deny'], warning: ['⚠', 'would'], info: ['✓', 'pass'] } as const

/** What went wrong or was done just now, in the corner where it covers least. */
export function NoticeList() {
  const { notices, close } = useNotices()
  return (
    <section data-part className="notices" aria-label="Notices" aria-live="polite">
      {notices.map(({ id, what, where, todo, severity }) => {
        const [mark, tone] = marks[severity]
        return (
          <div
            key={id}
            className={`notice notice-${severity} fade-in`}
            role={severity === 'error' ? 'alert' : 'status'}
          >
            <span className={`notice-mark tone-${tone}`} aria-hidden="true">
              {mark}
            </span>
            <div className="grow">
              <div className="notice-what">{begun(what)}</div>
              {where && where !== 'core' && <div className="code faint">{where}</div>}
              {todo && <div className="dim">{begun(todo)}</div>}
            </div>
            <Button kind="quiet" label="Close this notice" tip="Close" onClick={() => close(id)}>
              <X aria-hidden="true" />
            </Button>
          </div>
        )
      })}
    </section>
  )
}
