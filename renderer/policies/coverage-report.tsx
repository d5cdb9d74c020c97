import { X } from 'lucide-react'
import { useShortcut } from '../shell/actions.ts'
import { useNavigation } from '../shell/navigation.ts'
import { Button } from '../ui/button.tsx'
import { useCoverage } from './coverage-store.ts'
import { CoverageTables } from './coverage-tables.tsx'
import { openFile } from './files.ts'

/** Every policy of the workspace: how much of what it can answer recorded traffic made it answer. */
export function CoverageReport() {
  const { coverage, onlyNever } = useCoverage()
  const openTraffic = useNavigation((navigation) => navigation.openTraffic)
  const close = () => useCoverage.setState({ report: false })
  return (
    <section className="pane" aria-label="Coverage by recorded traffic">
      <div className="bar">
        <h2>Coverage</h2>
        <span className="grow" />
        <Button
          aria-pressed={onlyNever}
          kind="quiet"
          tip="Only policies that no recorded request reached"
          onClick={() => useCoverage.setState({ onlyNever: !onlyNever })}
        >
          Never hit
        </Button>
        <Button kind="quiet" label="Close the report" shortcut={useShortcut('policies.coverage')} onClick={close}>
          <X aria-hidden="true" />
        </Button>
      </div>
      {coverage && (
        <CoverageTables
          coverage={coverage}
          onlyNever={onlyNever}
          noun="exchange"
          seenBy="recorded traffic"
          openLine={(file, line) => void openFile(file, line)}
          openTraffic={openTraffic}
        />
      )}
    </section>
  )
}
