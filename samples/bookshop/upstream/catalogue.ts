import { type Call, created, memoryCeiling, numberFrom, ok, problem, readJson, type Routes } from './call.ts'
import { accountOf, signedIn } from './caller.ts'
import { drawBitmap } from './bitmap.ts'
import type { Book } from './first-data.ts'
import { nextNumber, saveBook } from './store.ts'

/** Books, their covers, pages and reviews. */
export const catalogueRoutes: Routes = {
  // API4:2023: the limit has no upper bound, and the answer is filled up to it by repeating the catalogue.
  'GET /books': ({ query, store }) => {
    const limit = numberFrom(query, 'limit', 20)
    const offset = numberFrom(query, 'offset', 0)
    const author = query.get('author')
    const tag = query.get('tag')
    const least = numberFrom(query, 'price[min]', 0)
    const most = numberFrom(query, 'price[max]', Infinity)
    const found = [...store.books.values()]
      .filter((book) => (!author || book.author === author) && (!tag || book.tags.includes(tag)))
      .filter((book) => !(book.priceCents < least) && !(book.priceCents > most))
      .slice(offset)
    const length = Math.min(limit, query.has('limit') && limit > 100 ? limit : found.length)
    if (length * 250 > memoryCeiling) throw new RangeError(`${length} rows do not fit into memory`)
    const items = Array.from({ length: found.length ? length : 0 }, (_, index) => found[index % found.length])
    return ok({ items, total: found.length })
  },

  'POST /books': signedIn(async (call) => {
    const draft = await readJson<Book>(call)
    const book = { ...draft, id: nextNumber(call.store.books.keys()) }
    saveBook(call.store, book)
    return created(book)
  }),

  'GET /books/{id}': (call) => withBook(call, (book) => ok(book)),

  'PATCH /books/{id}': signedIn(async (call) => {
    const changes = await readJson<Partial<Book>>(call)
    return withBook(call, (book) => {
      const changed = { ...book, ...changes, id: book.id }
      saveBook(call.store, changed)
      return ok(changed)
    })
  }),

  'DELETE /books/{id}': signedIn((call) =>
    withBook(call, (book) => {
      call.store.books.delete(book.id)
      return { status: 204 }
    }),
  ),

  // API4:2023: one small request makes the server hold a bitmap of whatever size the caller asks.
  'GET /books/{id}/cover': (call) =>
    withBook(call, (book) => {
      const width = numberFrom(call.query, 'width', 120)
      const height = numberFrom(call.query, 'height', 180)
      return ok(drawBitmap(width, height, book.id), { 'content-type': 'image/bmp' })
    }),

  // API10:2023: shows what the supplier sent as HTML, unescaped (see the inventory webhook).
  'GET /books/{id}/page': (call) =>
    withBook(call, (book) => {
      const html = `<!doctype html><title>${book.title}</title><h1>${book.title}</h1><p>${book.description}</p>\n`
      return ok(html, { 'content-type': 'text/html; charset=utf-8' })
    }),

  // API3:2023: every review carries its author's e-mail address.
  'GET /books/{id}/reviews': (call) =>
    withBook(call, (book) => ok({ items: call.store.reviews.filter((review) => review.bookId === book.id) })),

  'POST /books/{id}/reviews': signedIn(async (call, caller) => {
    const { rating, text } = await readJson<{ rating: number; text: string }>(call)
    const { fullName: author, email: authorEmail } = accountOf(call, caller)
    return withBook(call, (book) => {
      const review = { id: call.store.reviews.length + 1, bookId: book.id, rating, text, author, authorEmail }
      call.store.reviews.push(review)
      return created(review)
    })
  }),
}

function withBook<T>(call: Call, use: (book: Book) => T) {
  const book = call.store.books.get(Number(call.params['id']))
  return book ? use(book) : problem(404, `no book ${call.params['id']}`)
}
