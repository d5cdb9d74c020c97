import { plural } from '../ui/format.ts'
import { Dialog } from '../ui/dialog.tsx'
import { useNavigation } from './navigation.ts'
import { ProblemList } from './problem-list.tsx'
import { useFront } from './windows.ts'
import { useWorkspace } from './workbench.ts'

export function ProblemsDialog() {
  const { front, show } = useFront()
  const workspace = useWorkspace()
  const openPolicy = useNavigation((navigation) => navigation.openPolicy)
  const problems = workspace?.problems ?? []
  return (
    <Dialog
      open={front === 'problems' && workspace !== undefined}
      onClose={() => show(undefined)}
      title={problems.length === 0 ? 'No problems' : plural(problems.length, 'problem')}
      about={
        workspace?.lastGood
          ? 'The files on disk do not load; the last good revision stays in force.'
          : problems.length === 0
            ? 'The files of the workspace load as they are.'
            : 'The workspace loads; these are worth a look.'
      }
      width={720}
    >
      <ProblemList
        problems={problems}
        onOpen={({ file, line, column }) => {
          show(undefined)
          openPolicy(file, line, column)
        }}
      />
    </Dialog>
  )
}
