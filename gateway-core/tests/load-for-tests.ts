import { type LoadOptions, type LoadResult, loadWorkspace } from '../config/load.ts'
import { secretStandIn, testWorkspaceKey } from './stand-ins.ts'

/**
 * Loads a workspace as tests see it: under the key of tests, and with stand-ins for its secrets, so that tests run alike
 * on every machine and where nobody has the secrets.
 */
export function loadForTests(path: string, options: LoadOptions = {}): Promise<LoadResult> {
  const env = { ...(options.env ?? process.env), GATEHOUSE_KEY: testWorkspaceKey }
  return loadWorkspace(path, { ...options, env, readOnly: true, secretOf: secretStandIn })
}
