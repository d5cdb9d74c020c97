import { afterEach, describe, expect, it } from 'vitest'
import { rejudge } from '../../gateway-core/rejudge/rejudge.ts'
import { testUpstream } from '../gateway-fixture.ts'
import { ask, type HeldGateway, heldGateway } from './held-gateway.ts'

let gateway: HeldGateway
afterEach(() => gateway.close())

describe('judging again', () => {
  it('comes to the same for what was edited, mocked and rewritten', async () => {
    gateway = await heldGateway({
      upstream: await testUpstream((request, response) => {
        request.resume()
        response.setHeader('Content-Type', 'application/json')
        response.end('{"card":"4111 1111 1111 1111"}')
      }),
      yaml: `policies:
  - ip-restriction: { allow: [127.0.0.0/8] }
  - injection-protection
  - data-mask: { apply: [response], detect: [card] }
  - response-transformer: { headers: { add: { X-Judged: "yes" } } }
rules:
  - { name: mock, match: path:/mock, mock: { json: { card: "4111 1111 1111 1111" } } }
  - { name: rewrite, match: path:/rewrite, rewrite: { request: { replace: [{ in: url, text: /rewrite, with: /written }] }, response: { setJson: { /added: "4111 1111 1111 1111" } } } }
`,
    })
    gateway.stop('path:/edit', { once: true })
    const edit = ask(gateway.url, { path: '/edit?q=harmless' })
    const [held] = await gateway.held()
    const { headers } = held!.message.draft
    held!.end({
      kind: 'edited',
      message: { start: { method: 'GET', target: `/edit?q=${encodeURIComponent("1' OR '1'='1' --")}` }, headers },
    })
    // What was typed is judged, not what came.
    expect((await edit).status).toBe(403)
    expect((await ask(gateway.url, { path: '/mock' })).body.toString()).not.toContain('4111 1111 1111 1111')
    expect((await ask(gateway.url, { path: '/rewrite' })).body.toString()).not.toContain('4111 1111 1111 1111')
    expect((await ask(gateway.url, { path: '/plain' })).status).toBe(200)
    const records = gateway.records
    expect(records).toHaveLength(4)
    const again = await rejudge(gateway.gateway.workspace, records)
    for (const [at, result] of again.entries()) {
      const recorded = records[at]!
      expect(result.verdict, recorded.request.path).toBe(recorded.verdict)
      const steps = (trace: typeof recorded.trace) =>
        trace.map(({ policy, phase, verdict }) => [policy, phase, verdict])
      expect(steps(result.trace), recorded.request.path).toEqual(steps(recorded.trace))
    }
  })
})
