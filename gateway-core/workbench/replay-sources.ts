import { readFileSync, statSync } from 'node:fs'
import type { Captures } from '../capture/store.ts'
import { getSecret } from '../config/secrets.ts'
import type { WorkspaceKey } from '../config/workspace-key.ts'
import { ReplayError } from '../replay/replay-error.ts'
import type { Sources } from '../replay/resolve.ts'
import type { SealedValues } from '../replay/seal.ts'
import type { Variables } from '../replay/variables.ts'
import { fileIn } from './workspace-paths.ts'

export interface SourcesOptions {
  folder: string
  key: WorkspaceKey
  env: Readonly<Record<string, string | undefined>>
  /** Where recorded bodies and the values of markers come from. */
  captures?: Captures | undefined
  values?: SealedValues
  variables?: Variables
}

const fileLimit = 512 * 1024 * 1024

/** What the requests of a workspace refer to. `used` collects the secrets that were put in, so that their echoes can be hidden. */
export function sourcesOf(options: SourcesOptions): Sources & { used: string[] } {
  const { folder, key, env, captures, values = {}, variables = new Map<string, string>() } = options
  const used: string[] = []
  const note = (value: string | undefined) => {
    if (value !== undefined) used.push(value)
    return value
  }
  return {
    used,
    variables,
    sealed(tag) {
      const typed = values[tag] === undefined ? undefined : key.open(Buffer.from(values[tag], 'base64'))
      return note(typed ? Buffer.from(typed).toString('utf8') : captures?.secret(tag))
    },
    async reference(kind, name) {
      if (kind === 'env') return note(env[name])
      return note(
        await getSecret(folder, name, key).catch((error: Error) => {
          throw new ReplayError(error.message, 'set GATEHOUSE_KEY to the key it was made with, or set the secret again')
        }),
      )
    },
    async file(path) {
      const file = fileIn(folder, path.replace(/^\.\//, ''))
      const found = statSync(file, { throwIfNoEntry: false })
      if (!found?.isFile()) throw new ReplayError(`there is no file ${path}`, 'paths start at the workspace')
      if (found.size > fileLimit) throw new ReplayError(`${path} is larger than 512 MB`)
      return readFileSync(file)
    },
    async recorded(exchange) {
      const found = captures?.get(exchange, { secrets: 'open' })
      if (!found)
        throw new ReplayError('the exchange that holds the body is not kept any more', 'write a body in its place')
      const { body } = found.request
      if (!body) return Buffer.alloc(0)
      if (body.truncated) {
        const todo = 'raise capture.body, or take the body from a file'
        throw new ReplayError('only the beginning of the body was kept, so it cannot be sent as it was', todo)
      }
      if (body.decoded) {
        throw new ReplayError('the body held secrets that are not kept any more', 'write a body in its place')
      }
      return Buffer.from(body.bytes)
    },
  }
}
