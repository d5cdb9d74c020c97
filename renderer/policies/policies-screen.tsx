import { FilePlus, Search } from 'lucide-react'
import { useEffect } from 'react'
import { registerJson } from '../monaco/json-language.ts'
import { followPageTheme } from '../monaco/theme.ts'
import { useNavigation } from '../shell/navigation.ts'
import { useWorkspace } from '../shell/workbench.ts'
import { useOpenedHere } from '../ui/borrowed-focus.ts'
import { Button } from '../ui/button.tsx'
import { EmptyState } from '../ui/empty-state.tsx'
import { SplitPane } from '../ui/split-pane.tsx'
import { useActions, useShortcut } from '../shell/actions.ts'
import { AddPolicyDialog } from './add-policy.tsx'
import { Banner } from './banner.tsx'
import { followTyping } from './checks.ts'
import { CodeEditor } from './code-editor.tsx'
import { CoverageReport } from './coverage-report.tsx'
import { useCoverage } from './coverage-store.ts'
import { Details } from './details.tsx'
import { DiffView } from './diff-view.tsx'
import { isEdited } from './document.ts'
import { DocumentTabs } from './document-tabs.tsx'
import { FileDialogs } from './file-dialogs.tsx'
import { FileTree } from './file-tree.tsx'
import { holdsPolicies } from './file-list.ts'
import { openFile, saveFile } from './files.ts'
import { registerLanguageFeatures } from './language.ts'
import { followFiles } from './live.ts'
import { followDocuments } from './models.ts'
import { OpenFileDialog } from './open-file-dialog.tsx'
import { policyActions } from './policy-actions.ts'
import { useActiveDocument, usePolicies } from './policies-store.ts'
import { ProblemPanel } from './problem-panel.tsx'
import { StatusLine } from './status-line.tsx'
import { whatIfActions } from './what-if-actions.ts'
import { followEdits } from './what-if-live.ts'
import { WhatIfPane } from './what-if-pane.tsx'
import { useWhatIf } from './what-if-store.ts'
import { WhatIfStrip } from './what-if-strip.tsx'
import '../ui/verdict-mark.css'
import './policies-screen.css'

let started = false
function start(): void {
  if (started) return
  started = true
  followPageTheme()
  registerJson()
  registerLanguageFeatures()
  followDocuments()
  followTyping()
  followFiles()
  followEdits()
}

/** The workspace's files: what the gateway enforces, edited where one sees what it does. */
export function PoliciesScreen() {
  useEffect(start, [])
  useActions(policyActions)
  useActions(whatIfActions)
  const kind = useWhatIf((whatIf) => whatIf.kind)
  const place = useNavigation((navigation) => navigation.place)
  useEffect(() => {
    if (!place) return
    useNavigation.setState({ place: undefined })
    void openFile(place.file, place.line, place.column)
  }, [place])
  return (
    <div className="policies">
      <SplitPane
        id="policies-files"
        minimum={[150, 480]}
        secondSize={85}
        first={<Files />}
        second={
          <div className="policies-work">
            <WhatIfStrip />
            <SplitPane
              id="policies-what-if"
              direction="vertical"
              minimum={[200, 160]}
              secondSize={48}
              first={
                <SplitPane
                  id="policies-details"
                  minimum={[380, 240]}
                  secondSize={26}
                  first={<Text />}
                  second={<Side />}
                />
              }
              second={kind && <WhatIfPane kind={kind} />}
            />
          </div>
        }
      />
      <AddPolicyDialog />
      <OpenFileDialog />
      <FileDialogs />
    </div>
  )
}

function Files() {
  const tree = usePolicies((state) => state.tree)
  const failure = usePolicies((state) => state.treeFailure)
  const workspace = useWorkspace()
  const find = useShortcut('policies.open')
  const make = useShortcut('policies.new')
  return (
    <section className="pane" aria-label="Files">
      <div className="bar">
        <h2 className="cut grow">{workspace?.name ?? 'Files'}</h2>
        <Button
          kind="quiet"
          label="New file"
          tip="A new file: tests, a policy set, an environment …"
          shortcut={make}
          onClick={() => usePolicies.setState({ dialog: 'new', subject: undefined })}
        >
          <FilePlus aria-hidden="true" />
        </Button>
        <Button
          kind="quiet"
          label="Find a file"
          tip="Open a file by its name"
          shortcut={find}
          onClick={() => usePolicies.setState({ dialog: 'open' })}
        >
          <Search aria-hidden="true" />
        </Button>
      </div>
      {tree && <FileTree tree={tree} />}
      {failure && (
        <p className="tree-failure">
          <span className="tone-deny" aria-hidden="true">
            ✕{' '}
          </span>
          The files cannot be listed: {failure}
        </p>
      )}
    </section>
  )
}

function Text() {
  const document = useActiveDocument()
  const compare = usePolicies((state) => state.compare)
  const failure = usePolicies((state) => state.failure)
  return (
    <section className="pane" aria-label="Text">
      <TextBar />
      {failure && (
        <div className="banner banner-deny" role="alert">
          <span className="tone-deny" aria-hidden="true">
            ✕
          </span>
          <span className="grow">
            <code>{failure.path}</code> cannot be opened: {failure.message}
          </span>
          <Button onClick={() => usePolicies.setState({ failure: undefined })}>Close</Button>
        </div>
      )}
      {document ? (
        <>
          <Banner document={document} />
          {compare ? <DiffView document={document} compare={compare} /> : <CodeEditor path={document.path} />}
          <StatusLine document={document} />
          <ProblemPanel />
        </>
      ) : (
        <EmptyState
          title="No file is open"
          action={
            <Button kind="main" onClick={() => usePolicies.setState({ dialog: 'open' })}>
              Open a file
            </Button>
          }
        >
          Choose one on the left. Policies are in the workspace file and in the sets under policies/.
        </EmptyState>
      )}
    </section>
  )
}

function TextBar() {
  const document = useActiveDocument()
  const add = useShortcut('policies.add')
  const save = useShortcut('policies.save')
  const canAdd = usePolicies(({ tree }) => document !== undefined && holdsPolicies(tree, document))
  const canSave = document !== undefined && (isEdited(document) || document.deleted) && !document.saving
  return (
    <div className="bar text-bar">
      <DocumentTabs />
      <span className="grow" />
      <Button
        disabled={!canAdd}
        tip="Write a documented policy at the cursor"
        shortcut={add}
        onClick={() => usePolicies.setState({ dialog: 'add' })}
      >
        Add policy…
      </Button>
      <Button
        kind="main"
        disabled={!canSave}
        shortcut={save}
        showKeys
        tip="Write the file; the gateway takes it up at once"
        onClick={() => document && void saveFile(document.path)}
      >
        Save and apply
      </Button>
    </div>
  )
}

function Side() {
  const document = useActiveDocument()
  const report = useCoverage((state) => state.report)
  const opened = useOpenedHere(report)
  if (report) return <CoverageReport opened={opened} />
  return document ? <Details document={document} /> : <NothingOpen />
}

/** Without a file there is still something to say: where policies are, and what traffic has exercised. */
function NothingOpen() {
  const coverage = useShortcut('policies.coverage')
  return (
    <section className="pane" aria-label="Policy at the cursor">
      <div className="bar">
        <h2>Policies</h2>
      </div>
      <EmptyState
        title="What a policy did stands here"
        action={
          <Button shortcut={coverage} showKeys onClick={() => useCoverage.setState({ report: true })}>
            Coverage by traffic
          </Button>
        }
      >
        Open a file and put the cursor on a policy: what it does, how often it ran and whom it stopped. Coverage shows
        that of all of them.
      </EmptyState>
    </section>
  )
}
