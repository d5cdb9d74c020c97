import type { ExchangeRecord } from '../capture/record.ts'
import { openCaptures } from '../capture/store.ts'
import { loadWorkspaceKey } from '../config/workspace-key.ts'
import type { Workspace } from '../config/workspace.ts'
import type { Answer } from '../workbench/send-request.ts'

/**
 * Finds what a running gateway recorded of an exchange, by the port the request came from. Waits up to two seconds for
 * it to be written; undefined when the gateway records nothing.
 */
export async function findRecord(
  workspace: Workspace,
  env: Readonly<Record<string, string | undefined>>,
  answer: Answer,
): Promise<ExchangeRecord | undefined> {
  const key = await loadWorkspaceKey(workspace.folder, env, { create: false })
  const captures = openCaptures(workspace.folder, key)
  try {
    for (let wait = 0; wait < 40; wait++) {
      for (const row of captures.list({ limit: 100 })) {
        // Clocks of one machine; the gateway began at most a moment before we noted the time.
        if (row.startedAt < answer.sentAt - 50) break
        const exchange = captures.get(row.id, { secrets: 'sealed' })
        if (exchange?.peer.port === answer.localPort) return exchange
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    return undefined
  } finally {
    captures.close()
  }
}
