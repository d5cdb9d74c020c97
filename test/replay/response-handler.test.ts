import { describe, expect, it } from 'vitest'
import { handlerText, readHandler } from '../../gateway-core/replay/response-handler.ts'

describe('a script behind a request', () => {
  it.each<[string, string, object]>([
    [
      'JetBrains, a value of the body',
      'client.global.set("token", response.body.data[0]["access token"]);',
      { captures: { token: '/data/0/access token' } },
    ],
    [
      'JetBrains, a header and the status',
      `client.test("ok", function() {
         // comes with it
         client.assert(response.status === 201, "no 201");
       });
       client.global.set('place', response.headers.valueOf("Location"))`,
      { captures: { place: 'header Location' }, status: 201 },
    ],
    [
      'Postman, with a name for the body',
      `var jsonData = pm.response.json();
       pm.environment.set("token", jsonData.access_token);
       pm.collectionVariables.set("id", jsonData.items[0].id);
       pm.test("Status code is 200", () => { pm.response.to.have.status(200); });`,
      { captures: { token: '/access_token', id: '/items/0/id' }, status: 200 },
    ],
    [
      'Postman, at once',
      'pm.globals.set("t", pm.response.json().a.b); pm.expect(pm.response.code).to.equal(404)',
      { captures: { t: '/a/b' }, status: 404 },
    ],
    ['nothing but remarks', '/* later */ // more', { captures: {} }],
  ])('is understood: %s', (_, script, expected) => {
    const read = readHandler(script)
    expect(read).toEqual(expected)
    const written = handlerText(read!)
    expect(written === '' ? { captures: {} } : readHandler(written.slice(4, -4))).toEqual(expected)
  })

  it.each([
    'client.global.set("token", "Bearer " + response.body.token);',
    'if (response.status === 200) client.global.set("a", response.body.a);',
    'client.global.set("a", response.body.a.toUpperCase());',
    'console.log(response.body)',
    'client.test()',
    'pm.environment.set("t", jsonData.t)',
  ])('is left to a person: %s', (script) => {
    expect(readHandler(script)).toBeUndefined()
  })
})
