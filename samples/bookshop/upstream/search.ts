import { ok, problem, type Routes } from './call.ts'
import { posix } from 'node:path'

/** A file system that exists only here, so that walking out of the folder harms nobody. */
const files: Record<string, string> = {
  '/srv/bookshop/excerpts/alice.txt': 'Alice was beginning to get very tired of sitting by her sister on the bank.\n',
  '/srv/bookshop/excerpts/moby-dick.txt': 'Call me Ishmael.\n',
  '/srv/bookshop/secrets/supplier.key': 'supplier-key-4f1c-not-for-you\n',
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nbookshop:x:1000:1000::/srv/bookshop:/bin/sh\n',
}

/** Full-text search and excerpts: the two places where input is pasted into a language. */
export const searchRoutes: Routes = {
  // SQL injection: the search words become part of the statement.
  'GET /search': ({ query, store }) => {
    const words = query.get('q') ?? ''
    const sql = `SELECT id, title, author, price_cents AS priceCents FROM books WHERE title LIKE '%${words}%' OR author LIKE '%${words}%' ORDER BY 1`
    return ok({ items: store.index.prepare(sql).all() })
  },

  // Path traversal: ../ walks out of the folder.
  'GET /excerpts': ({ query }) => {
    const text = files[posix.join('/srv/bookshop/excerpts', query.get('file') ?? '')]
    return text === undefined ? problem(404, 'no such excerpt') : ok(text, { 'content-type': 'text/plain' })
  },
}
