import { ok, type Routes } from './call.ts'

/** What was forgotten. None of it stands in the OpenAPI document. */
export const legacyRoutes: Routes = {
  // API9:2023: the first version of the API still answers, without any sign-in.
  'GET /v0/customers': ({ store }) => ok([...store.customers.values()]),
  'GET /v0/orders/{id}': ({ store, params }) => ok(store.orders.get(Number(params['id'])) ?? null),

  // API8:2023: a diagnosis page that was never switched off.
  'GET /debug/config': ({ store }) =>
    ok({
      database: 'postgres://bookshop:hunter2@db.internal/books',
      node: process.version,
      memory: process.memoryUsage(),
      sessions: [...store.sessions.keys()],
    }),
}
