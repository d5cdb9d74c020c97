import { useNavigation } from '../shell/navigation.ts'
import { countText, plural } from '../ui/format.ts'
import { useIntercept } from './intercept-store.ts'
import './held-badge.css'

/** How many messages are held, or that some will be, on every screen. It never takes the focus. */
export function HeldBadge() {
  const held = useIntercept(({ state }) => state?.held ?? 0)
  const on = useIntercept(({ state }) => state?.breakpoints.filter(({ enabled }) => enabled).length ?? 0)
  const go = useNavigation((navigation) => navigation.go)
  return (
    <span role="status" className="held-badge-place">
      {held === 0 && on > 0 && (
        <button
          type="button"
          className="held-waits"
          title="What matches is held: show the breakpoints"
          onClick={() => go('intercept')}
        >
          {plural(on, 'breakpoint')}
        </button>
      )}
      {held > 0 && (
        <button
          type="button"
          className="held-badge"
          title="Messages wait at breakpoints: show them"
          onClick={() => go('intercept')}
        >
          {countText(held)} held
        </button>
      )}
    </span>
  )
}
