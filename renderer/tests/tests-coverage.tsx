import { X } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { Coverage } from '../../gateway-core/protocol/what-if.ts'
import { core } from '../core/core.ts'
import { CoverageTables } from '../policies/coverage-tables.tsx'
import { runAction, useShortcut } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { tellFailure } from '../shell/notices.ts'
import { Button } from '../ui/button.tsx'
import { useTests } from './tests-store.ts'

/** What the tests exercise of each policy, and what none of them has tried. Counted anew after each run. */
export function TestsCoverage() {
  const state = useTests((tests) => tests.state)
  const [coverage, setCoverage] = useState<Coverage | null>()
  const [onlyNever, setOnlyNever] = useState(false)
  const openPolicy = useNavigation((navigation) => navigation.openPolicy)
  const running = state?.running !== null
  useEffect(() => {
    let current = true
    if (running) return
    core.call('tests.coverage').then((found) => current && setCoverage(found), tellFailure)
    return () => {
      current = false
    }
  }, [state, running])
  return (
    <section className="pane" aria-label="Coverage by tests">
      <div className="bar">
        <h2>Coverage</h2>
        <span className="faint cut grow">what the tests exercise</span>
        <Button
          aria-pressed={onlyNever}
          kind="quiet"
          tip="Only policies that no test reached"
          onClick={() => setOnlyNever(!onlyNever)}
        >
          Never hit
        </Button>
        <Button
          kind="quiet"
          label="Close the report"
          shortcut={useShortcut('tests.coverage')}
          onClick={() => runAction('tests.coverage')}
        >
          <X aria-hidden="true" />
        </Button>
      </div>
      {coverage && (
        <CoverageTables
          coverage={coverage}
          onlyNever={onlyNever}
          noun="request"
          seenBy="tests"
          openLine={(file, line) => openPolicy(file, line)}
        />
      )}
      {coverage === null && <p className="tests-none dim">The workspace does not load, so nothing was tested.</p>}
    </section>
  )
}
