import { type Call, type Handler, problem } from './call.ts'
import type { Customer } from './first-data.ts'

/**
 * Who calls, as far as this server cares to look. Weak on purpose (API2:2023): the signature, issuer and expiry of a
 * JWT are never checked, so anyone can write one; session tokens are guessable and never expire.
 */
export function callerOf(call: Call): string | undefined {
  const token = /^Bearer (.+)$/i.exec(call.request.headers.authorization ?? '')?.[1]
  if (!token) return undefined
  const session = call.store.sessions.get(token)
  if (session) return session
  const payload = token.split('.')[1]
  if (!payload) return undefined
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { sub?: string }
  return claims.sub
}

/** Lets a handler run only for a caller, whoever it is; what the caller may do is never asked (API5:2023). */
export function signedIn(handler: (call: Call, caller: string) => ReturnType<Handler>): Handler {
  return (call) => {
    const caller = callerOf(call)
    if (caller === undefined) return problem(401, 'a bearer token is needed')
    return handler(call, caller)
  }
}

/** The customer behind a caller; a caller whom the shop has never seen gets an empty account. */
export function accountOf(call: Call, caller: string): Customer {
  const known = call.store.customers.get(caller)
  if (known) return known
  const fresh: Customer = {
    name: caller,
    fullName: caller,
    email: `${caller}@bookshop.example`,
    phone: '',
    role: 'reader',
    address: '',
    creditCents: 0,
    pin: '0000',
    passwordHash: '',
    cards: [],
  }
  call.store.customers.set(caller, fresh)
  return fresh
}
