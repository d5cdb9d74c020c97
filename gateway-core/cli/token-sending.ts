import { loadWorkspaceKey } from '../config/workspace-key.ts'
import type { Workspace } from '../config/workspace.ts'
import { sendBy } from '../replay/answer.ts'
import { plainSettings } from '../replay/from-exchange.ts'
import type { LabKeys } from '../tokens/lab-keys.ts'
import type { Carrier } from '../tokens/try-tokens.ts'
import type { Io } from './io.ts'
import { openCliWay } from './replay-way.ts'

/** What a gateway answered to a request with a token, and decided about it. */
export interface SentToken {
  status: number
  policy?: string
  code?: string
  problem?: string
}

/** Whether a request with the token was let through. */
export function got(sent: SentToken | undefined): boolean {
  return sent !== undefined && sent.problem === undefined && sent.status < 400
}

/** Sends requests through a gateway of its own, which takes the tokens of the lab. */
export async function openSending(io: Io, workspace: Workspace, keys: LabKeys) {
  const key = await loadWorkspaceKey(workspace.folder, io.env)
  const way = await openCliWay(io, workspace, key, { via: 'gateway' }, keys.jwks())
  return {
    async of({ method, target, headers, body }: Carrier): Promise<SentToken> {
      const fields: [string, string][] = []
      for (let at = 0; at + 1 < headers.length; at += 2) fields.push([headers[at]!, headers[at + 1]!])
      const wire = { method, url: target, version: '1.1', fields, body: body && Buffer.from(body.bytes) } as const
      const signal = new AbortController().signal
      const { answer } = await sendBy(way, wire, { key, secrets: [], settings: plainSettings, signal })
      const { response, decided, problem } = answer
      return {
        status: response?.status ?? 0,
        ...(decided?.policy !== undefined && { policy: decided.policy }),
        ...(decided?.code !== undefined && { code: decided.code }),
        ...(problem && { problem: problem.what }),
      }
    },
    close: () => way.close(),
  }
}
