import { randomUUID } from 'node:crypto'
import { type Call, created, ok, problem, readJson, type Routes } from './call.ts'
import { signedIn } from './caller.ts'
import { placeOrder, priceOf } from './orders.ts'
import type { Cart } from './store.ts'

/** Each coupon takes this many cents off. */
const coupons: Record<string, number> = { WELCOME10: 1000 }

interface Checkout {
  items: Cart['items']
  coupons?: string[]
}

/**
 * Buying: a cart in three steps, or all in one request.
 * API6:2023: nothing stops a script from buying out a limited edition, or from using a coupon again and again.
 */
export const checkoutRoutes: Routes = {
  'POST /carts': signedIn((call, caller) => {
    const cart: Cart = { id: randomUUID(), customer: caller, items: [] }
    call.store.carts.set(cart.id, cart)
    return created(cart)
  }),

  'PUT /carts/{cartId}/items/{bookId}': signedIn(async (call) => {
    const { quantity } = await readJson<{ quantity: number }>(call)
    const bookId = Number(call.params['bookId'])
    return withCart(call, (cart) => {
      cart.items = [...cart.items.filter((item) => item.bookId !== bookId), { bookId, quantity }]
      return ok(cart)
    })
  }),

  'POST /carts/{cartId}/checkout': signedIn(async (call, caller) => {
    const { coupons: codes } = await readJson<Partial<Checkout>>(call)
    return withCart(call, (cart) => {
      call.store.carts.delete(cart.id)
      return buy(call, caller, { items: cart.items, ...(codes && { coupons: codes }) })
    })
  }),

  'POST /checkout': signedIn(async (call, caller) => buy(call, caller, await readJson<Checkout>(call))),
}

function buy(call: Call, caller: string, { items, coupons: codes = [] }: Checkout) {
  const missing = items.find(({ bookId, quantity }) => (call.store.books.get(bookId)?.stock ?? 0) < quantity)
  if (missing) return problem(409, `not enough copies of book ${missing.bookId}`)
  const off = codes.reduce((sum, code) => sum + (Object.hasOwn(coupons, code) ? (coupons[code] as number) : 0), 0)
  return created(placeOrder(call, caller, items, Math.max(0, priceOf(call.store, items) - off)))
}

function withCart<T>(call: Call, use: (cart: Cart) => T) {
  const cart = call.store.carts.get(call.params['cartId'] ?? '')
  return cart ? use(cart) : problem(404, 'no such cart')
}
