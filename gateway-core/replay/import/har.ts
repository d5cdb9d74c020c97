import { HarEntryError, recordOfHar } from '../../capture/har-record.ts'
import { requestOfExchange } from '../from-exchange.ts'
import { ReplayError } from '../replay-error.ts'
import { splitUrl } from '../upstream-target.ts'
import type { ImportedRequests } from './imported.ts'

/** Reads the requests of a parsed HAR 1.2 document. Entries that are none are named by their place. */
export function importHar(har: unknown): ImportedRequests {
  const imported: ImportedRequests = { kind: 'har', requests: [], variables: new Map(), problems: [] }
  const entries = (har as { log?: { entries?: unknown } }).log?.entries
  if (!Array.isArray(entries)) {
    imported.problems.push({ what: 'it has no list log.entries' })
    return imported
  }
  for (const [at, entry] of entries.entries()) {
    try {
      const options = { bodyBytes: 64 * 1024 * 1024, now: Date.now(), newId: () => '' }
      const record = recordOfHar(entry, options)
      if (record.request.method === 'CONNECT') throw new HarEntryError('it only opens a tunnel')
      const request = requestOfExchange(record, 'inline')
      if (request.body === null && hasForm(entry)) {
        const what = `the body of entry ${at + 1} (${request.method} ${record.request.path.slice(0, 80)}) is not in the file`
        imported.problems.push({ what, todo: 'browsers leave files out: write the form anew' })
      }
      const { scheme, authority, path } = record.request
      const { origin, target } = splitUrl(request.url)
      const url = origin === undefined ? `${scheme}://${authority}${target}` : request.url
      imported.requests.push({ name: `${request.method} ${path}`.slice(0, 200), request: { ...request, url } })
    } catch (error) {
      if (!(error instanceof HarEntryError || error instanceof ReplayError)) throw error
      imported.problems.push({ what: `entry ${at + 1} is left out: ${error.message}` })
    }
  }
  return imported
}

/** Browsers name the fields of a form with files, and not what they held. */
function hasForm(entry: unknown): boolean {
  const { params } = (entry as { request?: { postData?: { params?: unknown } } }).request?.postData ?? {}
  return Array.isArray(params) && params.length > 0
}
