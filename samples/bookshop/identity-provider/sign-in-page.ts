import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'
import { findUser, users } from './users.ts'

/**
 * The page of the code flow: one button per person, no password; whoever signs in has consented.
 * `GET /interaction/<id>` shows it, `POST /interaction/<id>?as=anna` signs in; an expired or foreign interaction gets 400.
 */
export async function serveSignIn(provider: Provider, request: IncomingMessage, response: ServerResponse) {
  try {
    const { params } = await provider.interactionDetails(request, response)
    if (request.method !== 'POST') {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
      return response.end(page(params.client_id))
    }
    const user = findUser(new URL(request.url ?? '/', 'http://localhost').searchParams.get('as') ?? undefined)
    if (!user) return refuse(response, `choose one of ${Object.keys(users).join(', ')}`)
    await provider.interactionFinished(request, response, { login: { accountId: user.name }, consent: {} })
  } catch (error) {
    refuse(response, `this sign-in is over; start again from the application (${(error as Error).message})`)
  }
}

function refuse(response: ServerResponse, problem: string) {
  if (response.headersSent) return response.destroy()
  response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' }).end(`${problem}\n`)
}

/** The client id is one of the configured ones, checked by the provider: it needs no escaping. */
function page(client: string): string {
  const buttons = Object.values(users).map(
    (user) => `<button formaction="?as=${user.name}">${user.fullName} <small>${user.roles.join(', ')}</small></button>`,
  )
  return `<!doctype html><meta charset="utf-8"><title>Bookshop sign-in</title>
<style>body{font:16px system-ui;max-width:24rem;margin:4rem auto}button{display:block;width:100%;margin:.5rem 0;padding:.6rem;font:inherit}</style>
<h1>Sign in to ${client}</h1><p>Development only: no password is asked.</p><form method="post">${buttons.join('')}</form>
`
}
