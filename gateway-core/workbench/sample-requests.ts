import type { Workspace } from '../config/workspace.ts'
import { refused } from '../protocol/rpc-error.ts'
import type { OpenedWorkspace } from './opened-workspace.ts'
import { sendThrough } from './resend.ts'
import type { SampleRequest } from './services.ts'

/** Sends the example requests of a sample through the gateway; of other workspaces, a GET to each plain route. Returns how many. */
export async function sendSample(opened: OpenedWorkspace): Promise<number> {
  const { workspace } = opened
  if (!workspace || opened.gatewayUrl === undefined) throw refused('the gateway does not run', 'start it first')
  await opened.servicesStarted
  const requests = (await opened.services?.requests()) ?? plainRequests(workspace)
  if (requests.length === 0) {
    throw refused('this workspace has no route that a plain GET reaches', `send something to ${opened.gatewayUrl}`)
  }
  for (const { method, target, headers, body } of requests) {
    await sendThrough(opened, {
      method,
      address: target,
      fields: headers,
      body: body === undefined ? undefined : Buffer.from(body),
      longestMs: 2000,
    })
  }
  await opened.flush()
  return requests.length
}

const most = 20

function plainRequests(workspace: Workspace): SampleRequest[] {
  const targets = new Set<string>()
  for (const { match } of workspace.routes) {
    if (match.methods.length > 0 && !match.methods.includes('GET')) continue
    const { path } = match
    if (path.kind === 'expression') continue
    targets.add(path.kind === 'any' ? '/' : path.value.replace(/\/\*+$/, '/').replaceAll(/\{[^}]*\}/g, '1'))
  }
  return [...targets].slice(0, most).map((target) => ({
    method: 'GET',
    target,
    headers: [
      ['Accept', '*/*'],
      ['User-Agent', 'Gatehouse'],
    ],
  }))
}
