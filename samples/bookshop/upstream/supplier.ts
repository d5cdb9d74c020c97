import { ok, problem, readJson, type Routes } from './call.ts'
import type { Book } from './first-data.ts'
import { saveBook } from './store.ts'

/** What the supplier of books calls when stock arrives. */
export const supplierRoutes: Routes = {
  // API10:2023: the supplier is trusted blindly: no signature, no schema; price and HTML are taken as they come.
  'POST /webhooks/inventory': async (call) => {
    const notice = await readJson<Partial<Book> & { isbn: string }>(call)
    const book = [...call.store.books.values()].find((candidate) => candidate.isbn === notice.isbn)
    if (!book) return problem(404, `no book with ISBN ${notice.isbn}`)
    const changed = { ...book, ...notice, id: book.id }
    saveBook(call.store, changed)
    call.store.news.emit('news', { type: 'stock', bookId: book.id, stock: changed.stock })
    return ok(changed)
  },
}
