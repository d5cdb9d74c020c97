import type { StoredExchange } from '../capture/record.ts'
import { environmentsIn } from '../config/environments.ts'
import { WorkspaceFiles } from '../config/files.ts'
import { loadWorkspace } from '../config/load.ts'
import type { MadeTest } from '../protocol/tests.ts'
import { refused, RpcError } from '../protocol/rpc-error.ts'
import { loadForTests } from '../tests/load-for-tests.ts'
import { policyTestOf, type PolicyTestOf } from '../tests/policy-test-of.ts'
import { readTestFile } from '../tests/read-test-file.ts'
import { appendTest, CannotAppend, testItem } from '../tests/test-yaml.ts'
import type { OpenedWorkspace } from './opened-workspace.ts'
import type { Workbench } from './workbench.ts'

/** A test of a recorded exchange as YAML, as it stands under `tests:`. */
export async function testText(workbench: Workbench, id: string): Promise<{ text: string; note?: string }> {
  const { name, draft, note } = await testOf(workbench.workspace, id)
  return { text: testItem(name, draft), ...(note !== undefined && { note }) }
}

/** Writes a test of a recorded exchange at the end of the file of its API; nothing else in the file changes. */
export async function makeTest(workbench: Workbench, id: string): Promise<MadeTest> {
  const { files } = workbench
  const made = await testOf(workbench.workspace, id)
  const { path, note } = made
  const onDisk = files.exists(path) ? files.read(path) : undefined
  if (onDisk?.draft && onDisk.draft.text !== onDisk.text) {
    throw refused(`${path} has edits that are not saved`, 'save or discard them first', path)
  }
  const { text, line, name } = withTest(onDisk?.text ?? '', made)
  const written = files.write(path, text, onDisk?.version ?? '')
  if (written.state === 'conflict') throw refused(`${path} changed just now`, 'try again', path)
  return { path, line, name, ...(note !== undefined && { note }) }
}

/** The text of its file with the test at its end, under a name that no other test there has. */
export function withTest(before: string, made: PolicyTestOf): { text: string; line: number; name: string } {
  const { path, draft, environment } = made
  const taken = new Set(readTestFile(path, before).file?.tests.map((test) => test.name))
  let { name } = made
  for (let number = 2; taken.has(name); number++) name = `${made.name} (${number})`
  try {
    return { ...appendTest(before, name, draft, headerOf(environment)), name }
  } catch (error) {
    if (!(error instanceof CannotAppend)) throw error
    throw refused(`${path} takes no test: ${error.message}`, 'mend the file, or copy the test instead', path)
  }
}

/** What a new file says first. */
function headerOf(environment: string | undefined): string {
  const says = '# Policy tests. Run them: gatehouse test, or the Tests screen.\n'
  return environment === undefined ? says : `${says}environment: ${environment}\n`
}

/** What has to be known of a workspace to make a test in it. */
export type TestWorkspace = Pick<OpenedWorkspace, 'folder' | 'env' | 'environment' | 'workspace' | 'loading'>

async function testOf(opened: OpenedWorkspace, id: string): Promise<PolicyTestOf> {
  const record = opened.captures.get(id, { secrets: 'sealed' })
  if (!record) throw new RpcError({ code: 'NOT_FOUND', message: `there is no exchange ${id.slice(0, 60)}` })
  if (record.request.method === '') throw refused('this exchange was no request that could be read', 'choose another')
  return policyTestOfExchange(opened, record)
}

/** Makes a policy test of an exchange of the open workspace, under the environment that it was judged in. */
export async function policyTestOfExchange(opened: TestWorkspace, record: StoredExchange): Promise<PolicyTestOf> {
  const disk = new WorkspaceFiles(opened.folder)
  const loading = opened.loading(record.environment)
  const { workspace, problems } = await loadForTests(opened.folder, loading)
  if (!workspace) {
    const problem = problems.find(({ severity }) => severity === 'error')
    const where = problem && `${problem.file}:${problem.line}:${problem.column}`
    throw refused(`the workspace does not load: ${problem?.message}`, problem?.suggestion, where)
  }
  const inForce = record.environment === opened.environment ? opened.workspace : undefined
  const own = inForce ?? (await loadWorkspace(opened.folder, { ...loading, readOnly: true })).workspace
  const consumers = own?.consumers ?? []
  return policyTestOf(record, {
    workspace,
    consumers,
    defaultEnvironment: defaultEnvironmentOf(opened),
    textOf: (path) => disk.text(path),
  })
}

/** Environment of files of tests that name none: as on the command line, whatever is active here. */
export function defaultEnvironmentOf({ folder, env }: Pick<OpenedWorkspace, 'folder' | 'env'>): string | undefined {
  const named = env['GATEHOUSE_ENV'] || undefined
  return named ?? (environmentsIn(new WorkspaceFiles(folder)).includes('local') ? 'local' : undefined)
}
