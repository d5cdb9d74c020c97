import { request } from 'node:http'
import { type Call, ok, problem, type Reply, readJson, type Routes } from './call.ts'
import { signedIn } from './caller.ts'

/** Importing a cover from an address, and the inner endpoint that this opens to the world. */
export const coverImportRoutes: Routes = {
  // API7:2023: the server fetches any address for the caller, with its own credentials, and shows what came back.
  'POST /books/{id}/cover-import': signedIn(async (call) => {
    const { url } = await readJson<{ url: string }>(call)
    const target = new URL(url)
    // The one mercy: only this machine is ever reached, so that the sample is no weapon.
    if (target.protocol !== 'http:' || !/^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(target.hostname)) {
      return problem(502, `cannot reach ${target.host}: this sample connects to loopback addresses only`)
    }
    return fetchFor(call, target)
  }),

  'GET /internal/credentials': ({ request, store }) =>
    request.headers['x-internal-token'] === store.internalToken
      ? ok({ database: 'postgres://bookshop:hunter2@db.internal/books', supplierKey: 'supplier-key-4f1c-not-for-you' })
      : problem(403, 'for the machinery of the shop only'),
}

const previewLength = 2000

function fetchFor({ store }: Call, url: URL): Promise<Reply> {
  return new Promise((resolve) => {
    const failed = (error: Error) => resolve(problem(502, `cannot fetch ${url.href}: ${error.message}`))
    const outgoing = request(url, { agent: false, timeout: 3000, headers: { 'x-internal-token': store.internalToken } })
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer within 3 seconds')))
    outgoing.on('error', failed)
    outgoing.on('response', (incoming) => {
      let preview = ''
      const done = () => {
        const { statusCode: status, headers } = incoming
        resolve(ok({ fetched: url.href, status, contentType: headers['content-type'], preview }))
        incoming.destroy()
      }
      incoming.setEncoding('utf8')
      incoming.on('data', (text: string) => {
        preview = (preview + text).slice(0, previewLength)
        if (preview.length === previewLength) done()
      })
      incoming.on('end', done)
      incoming.on('error', failed)
    })
    outgoing.end()
  })
}
