import { type Call, created, ok, problem, readJson, type Routes } from './call.ts'
import { accountOf, signedIn } from './caller.ts'
import type { Order } from './first-data.ts'
import { nextNumber, type Store } from './store.ts'

/** Orders of customers. */
export const orderRoutes: Routes = {
  'GET /orders': signedIn((call, caller) =>
    ok({ items: [...call.store.orders.values()].filter((order) => order.customer === caller) }),
  ),

  'POST /orders': signedIn(async (call, caller) => {
    const { items } = await readJson<Pick<Order, 'items'>>(call)
    return created(placeOrder(call, caller, items, priceOf(call.store, items)))
  }),

  // API1:2023: whose order it is, is never asked; the numbers are consecutive.
  'GET /orders/{id}': signedIn((call) => withOrder(call, (order) => ok(order))),

  'DELETE /orders/{id}': signedIn((call) =>
    withOrder(call, (order) => {
      call.store.orders.delete(order.id)
      return { status: 204 }
    }),
  ),
}

/** What the items cost, in cents. Throws a TypeError, told to the caller in full, for a book that is not there. */
export function priceOf(store: Store, items: Order['items']): number {
  return items.reduce((sum, item) => sum + (store.books.get(item.bookId)?.priceCents as number) * item.quantity, 0)
}

/** Takes the items out of stock, keeps the order and tells the news. */
export function placeOrder(call: Call, customer: string, items: Order['items'], totalCents: number): Order {
  const { address, cards } = accountOf(call, customer)
  const { store } = call
  const id = nextNumber(store.orders.keys())
  const order: Order = {
    id,
    customer,
    status: 'paid',
    items,
    totalCents,
    shipTo: address,
    cardNumber: cards[0]?.number ?? '',
  }
  store.orders.set(id, order)
  for (const { bookId, quantity } of items) {
    const book = store.books.get(bookId)
    if (!book) continue
    book.stock -= quantity
    store.news.emit('news', { type: 'stock', bookId, stock: book.stock })
  }
  store.news.emit('news', { type: 'order', id })
  return order
}

function withOrder<T>(call: Call, use: (order: Order) => T) {
  const order = call.store.orders.get(Number(call.params['id']))
  return order ? use(order) : problem(404, `no order ${call.params['id']}`)
}
