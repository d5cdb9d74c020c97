import { useNavigation } from '../shell/navigation.ts'
import { CoveragePane } from './coverage-pane.tsx'
import { useCoverage } from './coverage-store.ts'
import { openFile } from './files.ts'

/** Every policy of the workspace: how much of what it can answer recorded traffic made it answer. */
export function CoverageReport({ opened }: { opened: boolean }) {
  const { coverage, onlyNever } = useCoverage()
  const openTraffic = useNavigation((navigation) => navigation.openTraffic)
  return (
    <CoveragePane
      label="Coverage by recorded traffic"
      action="policies.coverage"
      opened={opened}
      coverage={coverage}
      onlyNever={onlyNever}
      onOnlyNever={(only) => useCoverage.setState({ onlyNever: only })}
      neverTip="Only policies that no recorded request reached"
      noun="exchange"
      seenBy="recorded traffic"
      openLine={(file, line) => void openFile(file, line)}
      openTraffic={openTraffic}
    />
  )
}
