import { created, ok, problem, readJson, type Routes } from './call.ts'

/** The price of a text message, paid by the shop for whoever asks (API4:2023). */
const textMessageCents = 7

/** Sign-in by PIN, and the text message that "confirms a phone". */
export const signInRoutes: Routes = {
  // API2:2023: four digits, guessed as often as one likes; the answer tells which names exist; the token is a counter.
  // NoSQL injection: the values of the body are used as a query, so {"$ne": ""} matches any PIN.
  'POST /auth/login': async (call) => {
    const { user, pin } = await readJson<{ user: unknown; pin: unknown }>(call)
    const named = [...call.store.customers.values()].filter((customer) => matches(customer.name, user))
    if (named.length === 0) return problem(401, `there is no user ${JSON.stringify(user)}`)
    const found = named.find((customer) => matches(customer.pin, pin))
    if (!found) return problem(401, 'wrong pin')
    const token = `session-${found.name}-${call.store.sessions.size + 1}`
    call.store.sessions.set(token, found.name)
    return ok({ token, user: found.name })
  },

  // API4:2023: no limit per phone, caller or hour on something that costs money.
  'POST /auth/text-message': async (call) => {
    const { phone } = await readJson<{ phone: string }>(call)
    call.store.textMessagesSent += 1
    const sent = call.store.textMessagesSent
    return created({ phone, sentToday: sent, costTodayCents: sent * textMessageCents })
  },
}

/** Compares as a document database does: a plain value for equality, an object for operators. */
function matches(value: string, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return value === String(wanted)
  return Object.entries(wanted).every(([operator, operand]) => {
    if (operator === '$ne') return value !== String(operand)
    if (operator === '$gt') return value > String(operand)
    if (operator === '$in') return Array.isArray(operand) && operand.includes(value)
    return false
  })
}
