import { loadWorkspace } from '../config/load.ts'
import type { Problem } from '../config/diagnostics.ts'
import { WorkspaceKey } from '../config/workspace-key.ts'
import type { Workspace } from '../config/workspace.ts'
import { secretStandIn, testWorkspaceKey } from '../tests/stand-ins.ts'
import { version } from '../version.ts'
import { CaseError, type ReadCase, readCase } from './case-file.ts'
import { caseDifference, judgeCase, type JudgedCase, type traceDifference } from './judge-case.ts'

/** A case that was opened: judged again, and compared with what was recorded. */
export interface OpenCase {
  readonly case: ReadCase
  /** Undefined when its files do not load here; `problem` says why. */
  readonly workspace: Workspace | undefined
  readonly problem: Problem | undefined
  readonly judged: JudgedCase | undefined
  readonly difference: ReturnType<typeof traceDifference>
  /** The engine that recorded it is not this one. */
  readonly otherEngine: boolean
}

/** The folder that the files of a case stand in: there is none. */
const nowhere = '/gatehouse-case'

/** Opens a case. Throws a CaseError for what is none; nothing of it touches the disk, the network or this workspace. */
export async function openCase(text: string): Promise<OpenCase> {
  const read = readCase(text)
  const { workspace, problems } = await loadWorkspace(nowhere, {
    overlay: new Map(Object.entries(read.files)),
    overlayOnly: true,
    readOnly: true,
    env: {},
    engineVersion: read.engine,
    key: new CaseKey(read.secrets),
    secretOf: secretStandIn,
    ...(read.environment !== null && { environment: read.environment }),
  })
  const otherEngine = read.engine !== version
  if (!workspace) {
    const problem = problems.find(({ severity }) => severity === 'error')
    return { case: read, workspace, problem, judged: undefined, difference: null, otherEngine }
  }
  const judged = await judgeCase(workspace, read.record, read.state, read.messages).catch((error: unknown) => {
    // Whoever changed the file by hand made something of it that no gateway records.
    throw new CaseError(
      `its exchange cannot be judged (${error instanceof Error ? error.name : 'unknown'})`,
      'export it again',
    )
  })
  const difference = caseDifference(read.record, judged)
  return { case: read, workspace, problem: undefined, judged, difference, otherEngine }
}

/** Gives secrets the tags that they had where the case comes from. */
export class CaseKey extends WorkspaceKey {
  readonly #tags: ReadonlyMap<string, string>

  constructor(secrets: Readonly<Record<string, string>>) {
    super(Buffer.from(testWorkspaceKey, 'base64'))
    this.#tags = new Map(Object.entries(secrets).map(([name, tag]) => [secretStandIn(name), tag]))
  }

  override tag(value: string): string {
    return this.#tags.get(value) ?? super.tag(value)
  }
}
