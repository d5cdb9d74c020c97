import type { Problem } from '../config/diagnostics.ts'
import { checkEnvironment, checkTests } from '../tests/check-tests.ts'
import { readTestFile } from '../tests/read-test-file.ts'
import type { OpenedWorkspace } from './opened-workspace.ts'

/** What is wrong with a file of tests as it is typed, and with the workspace as it stands. */
export function checkTestText(opened: OpenedWorkspace, path: string, text: string): Problem[] {
  const { file, problems } = readTestFile(path, text)
  const environment = file ? checkEnvironment(file, opened.folder) : []
  const names = file && opened.workspace ? checkTests(file, opened.workspace) : []
  return [...opened.state().problems.filter((problem) => problem.file !== path), ...problems, ...environment, ...names]
}
