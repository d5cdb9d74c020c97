/** One request of the tour: what it shows stands beside it. */
export interface SampleRequest {
  method: string
  target: string
  headers: [string, string][]
  body?: string
}

/** A little of everything the gateway decides about, with fresh tokens of the identity provider. */
export async function sampleRequests(identityProvider: string): Promise<SampleRequest[]> {
  const token = async (name: string): Promise<[string, string]> => {
    const response = await fetch(`${identityProvider}/dev/token/${name}`)
    return ['Authorization', `Bearer ${(await response.text()).trim()}`]
  }
  const [anna, ben, carla] = (await Promise.all(['anna', 'ben', 'carla'].map(token))) as [
    [string, string],
    [string, string],
    [string, string],
  ]
  const json: [string, string] = ['Content-Type', 'application/json']
  const browser: [string, string] = ['User-Agent', 'Bookshop/1.4 (sample)']
  return [
    { method: 'GET', target: '/health', headers: [browser] },
    { method: 'GET', target: '/books', headers: [browser, ben] },
    { method: 'GET', target: '/books/1', headers: [browser, ben] },
    // Nobody signed in: denied by the identity policies.
    { method: 'GET', target: '/books/1', headers: [browser] },
    // A reader may not write: denied by rbac, in the line that one changes first.
    { method: 'PATCH', target: '/books/1', headers: [browser, ben, json], body: '{"priceCents":499}' },
    { method: 'PATCH', target: '/books/1', headers: [browser, anna, json], body: '{"priceCents":1299}' },
    // Not what the document allows: denied by request-validation.
    { method: 'PATCH', target: '/books/1', headers: [browser, anna, json], body: '{"priceCents":"cheap"}' },
    { method: 'GET', target: '/books/1/reviews', headers: [browser, ben] },
    { method: 'GET', target: '/search?q=sea', headers: [browser, ben] },
    // An attack that is only noted, because the policy runs in shadow mode.
    { method: 'GET', target: '/search?q=x%27%20OR%201%3D1%20--', headers: [browser, ben] },
    // The same kind of attack where the policy enforces.
    { method: 'GET', target: '/excerpts?file=..%2F..%2F..%2Fetc%2Fpasswd', headers: [browser, ben] },
    { method: 'GET', target: '/orders/1002', headers: [browser, ben] },
    { method: 'GET', target: '/users/me', headers: [browser, ben] },
    // Administration: not for readers.
    { method: 'GET', target: '/admin/users', headers: [browser, ben] },
    { method: 'GET', target: '/admin/users', headers: [browser, carla] },
    // A page of another origin asks first: answered by cors.
    {
      method: 'OPTIONS',
      target: '/books',
      headers: [browser, ['Origin', 'https://shop.example.com'], ['Access-Control-Request-Method', 'GET']],
    },
    { method: 'GET', target: '/books/1/page', headers: [browser] },
    { method: 'GET', target: '/lab/gzip', headers: [browser, ['Accept-Encoding', 'gzip']] },
    // No route leads there.
    { method: 'GET', target: '/v0/customers', headers: [browser] },
    { method: 'POST', target: '/auth/login', headers: [browser, json], body: '{"user":"ben","pin":"0000"}' },
  ]
}
