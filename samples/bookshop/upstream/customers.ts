import { ok, problem, readJson, type Routes } from './call.ts'
import { accountOf, signedIn } from './caller.ts'
import type { Customer } from './first-data.ts'

/** Profiles, and the administrators' pages. */
export const customerRoutes: Routes = {
  // API3:2023, excessive data: the whole record goes out: card numbers, PIN, password hash.
  'GET /users/me': signedIn((call, caller) => ok(accountOf(call, caller))),

  // API3:2023, mass assignment: whatever the body names is set: role, credit, PIN.
  'PATCH /users/me': signedIn(async (call, caller) => {
    const changes = await readJson<Partial<Customer>>(call)
    const changed = { ...accountOf(call, caller), ...changes, name: caller }
    call.store.customers.set(caller, changed)
    return ok(changed)
  }),

  'GET /users/{name}': signedIn((call) => {
    const found = call.store.customers.get(call.params['name'] ?? '')
    return found ? ok(found) : problem(404, `no user ${call.params['name']}`)
  }),

  // API5:2023: all of /admin is open to anyone who is signed in.
  'GET /admin/users': signedIn((call) => ok({ items: [...call.store.customers.values()] })),

  'DELETE /admin/users/{name}': signedIn((call) => {
    const name = call.params['name'] ?? ''
    return call.store.customers.delete(name) ? { status: 204 } : problem(404, `no user ${name}`)
  }),

  'PUT /admin/users/{name}/role': signedIn(async (call) => {
    const { role } = await readJson<Pick<Customer, 'role'>>(call)
    const found = call.store.customers.get(call.params['name'] ?? '')
    if (!found) return problem(404, `no user ${call.params['name']}`)
    found.role = role
    return ok(found)
  }),

  'GET /admin/reports/sales': signedIn((call) => {
    const orders = [...call.store.orders.values()]
    return ok({ orders: orders.length, revenueCents: orders.reduce((sum, order) => sum + order.totalCents, 0) })
  }),
}
