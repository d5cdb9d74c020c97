import { useEffect, useState } from 'react'
import type { Coverage } from '../../gateway-core/protocol/what-if.ts'
import { core } from '../core/core.ts'
import { CoveragePane } from '../policies/coverage-pane.tsx'
import { useNavigation } from '../shell/navigation.ts'
import { tellFailure } from '../shell/notices.ts'
import { useTests } from './tests-store.ts'

/** What the tests exercise of each policy, and what none of them has tried. Counted anew after each run. */
export function TestsCoverage({ opened }: { opened: boolean }) {
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
    <CoveragePane
      label="Coverage by tests"
      about="what the tests exercise"
      action="tests.coverage"
      opened={opened}
      coverage={coverage}
      onlyNever={onlyNever}
      onOnlyNever={setOnlyNever}
      neverTip="Only policies that no test reached"
      noun="request"
      seenBy="tests"
      openLine={(file, line) => openPolicy(file, line)}
    >
      {coverage === null && <p className="tests-none dim">The workspace does not load, so nothing was tested.</p>}
    </CoveragePane>
  )
}
