import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { constants, DatabaseSync } from 'node:sqlite'
import { type Book, type Customer, firstBooks, firstCustomers, firstOrders, type Order } from './first-data.ts'

export interface Review {
  id: number
  bookId: number
  rating: number
  text: string
  author: string
  authorEmail: string
}

export interface Cart {
  id: string
  customer: string
  items: { bookId: number; quantity: number }[]
}

/** Everything the bookshop knows. It lives in memory: a restart brings the first data back. */
export interface Store {
  books: Map<number, Book>
  customers: Map<string, Customer>
  orders: Map<number, Order>
  carts: Map<string, Cart>
  reviews: Review[]
  /** Session tokens by their value, each for one customer. They never expire. */
  sessions: Map<string, string>
  textMessagesSent: number
  /** What the shop tells the world: `order` and `stock`, listened to by `/events` and `/ws`. */
  news: EventEmitter
  /** The SQL database that the search asks. */
  index: DatabaseSync
  /** Presented by the shop's own machinery when it calls itself. */
  internalToken: string
}

/** Makes a store with the first data. */
export function createStore(): Store {
  const index = new DatabaseSync(':memory:')
  index.exec(`CREATE TABLE books (id INTEGER PRIMARY KEY, title TEXT, author TEXT, price_cents INTEGER);
    CREATE TABLE customers (name TEXT, email TEXT, card_number TEXT)`)
  index.setAuthorizer(allowSmallStatements)
  const store: Store = {
    books: new Map(),
    customers: new Map(firstCustomers().map((customer) => [customer.name, customer])),
    orders: new Map(firstOrders().map((order) => [order.id, order])),
    carts: new Map(),
    reviews: [
      {
        id: 1,
        bookId: 1,
        rating: 5,
        text: 'Read it three times.',
        author: 'Ben Reader',
        authorEmail: 'ben@bookshop.example',
      },
    ],
    sessions: new Map(),
    textMessagesSent: 0,
    news: new EventEmitter({ captureRejections: false }).setMaxListeners(0),
    index,
    internalToken: randomUUID(),
  }
  for (const book of firstBooks()) saveBook(store, book)
  const insert = index.prepare('INSERT INTO customers VALUES (?, ?, ?)')
  for (const { name, email, cards } of store.customers.values()) insert.run(name, email, cards[0]?.number ?? null)
  return store
}

/** An injected statement may read everything, but neither recurse nor make huge values: others share this process. */
function allowSmallStatements(action: number, _: string | null, name: string | null): number {
  const endless = action === constants.SQLITE_RECURSIVE
  const huge = action === constants.SQLITE_FUNCTION && /blob$|^printf$|^format$/i.test(name ?? '')
  return endless || huge || action === constants.SQLITE_ATTACH ? constants.SQLITE_DENY : constants.SQLITE_OK
}

/** Adds or replaces a book, and makes the search find it. */
export function saveBook(store: Store, book: Book): void {
  store.books.set(book.id, book)
  const row: Record<string, unknown> = { ...book } // what callers sent was never checked, whatever the type says
  store.index
    .prepare('INSERT OR REPLACE INTO books VALUES (?, ?, ?, ?)')
    .run(book.id, String(row['title']), String(row['author']), Number(row['priceCents']))
}

/** The number after the greatest one in use: guessable on purpose, as in many shops. */
export function nextNumber(numbers: Iterable<number>): number {
  let greatest = 0
  for (const number of numbers) greatest = Math.max(greatest, number)
  return greatest + 1
}
