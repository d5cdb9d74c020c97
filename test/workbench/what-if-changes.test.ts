import { describe, expect, it } from 'vitest'
import type { ExchangeSummary } from '../../gateway-core/capture/summary.ts'
import type { WhatIfChange } from '../../gateway-core/rejudge/what-if.ts'
import { WhatIfChanges } from '../../gateway-core/workbench/what-if-changes.ts'

const position = { file: 'gatehouse.yaml', line: 9, column: 3 }
let order = 0

function change(kind: WhatIfChange['kind'], more: Partial<WhatIfChange> = {}): WhatIfChange {
  order++
  return { id: `x${order}`, order, kind, before: { verdict: 'pass' }, after: { verdict: 'pass' }, ...more }
}

const denied = (decidedBy: string, code: string, more: Partial<WhatIfChange> = {}) =>
  change('newlyDenied', { after: { verdict: 'deny', decidedBy, code, position }, ...more })

const rowsOf = (orders: readonly number[]) => orders.map((at) => ({ id: `x${at}`, sequence: at }) as ExchangeSummary)

function listed(changes: WhatIfChanges, from: number, count: number) {
  return changes.rows('newlyDenied', from, count, rowsOf).map(({ id, group }) => `${group} ${id}`)
}

describe('what an edit changes', () => {
  it('stands by reason: the largest group first, in each the newest first, one row after the other', () => {
    order = 0
    const changes = new WhatIfChanges()
    changes.add([denied('api:a/rbac', 'ROLE_NOT_ALLOWED'), denied('api:a/quota', 'QUOTA_EXCEEDED')])
    changes.add([denied('api:a/quota', 'QUOTA_EXCEEDED', { warming: true }), change('newlyAllowed')])
    expect(changes.groups('newlyDenied')).toEqual([
      { policy: 'api:a/quota', code: 'QUOTA_EXCEEDED', exchanges: 2, warming: 1 },
      { policy: 'api:a/rbac', code: 'ROLE_NOT_ALLOWED', exchanges: 1, warming: 0 },
    ])
    expect(listed(changes, 0, 100)).toEqual(['0 x3', '0 x2', '1 x1'])
    expect(listed(changes, 1, 1)).toEqual(['0 x2'])
    expect(listed(changes, 2, 5)).toEqual(['1 x1'])
    expect(listed(changes, 9, 5)).toEqual([])
  })

  it.each<[string, WhatIfChange, object]>([
    [
      'what would be denied by the policy that denies it',
      denied('api:a/rbac', 'ROLE_NOT_ALLOWED'),
      { policy: 'api:a/rbac', code: 'ROLE_NOT_ALLOWED' },
    ],
    [
      'what would pass by the policy that denied it',
      change('newlyAllowed', { before: { verdict: 'deny', decidedBy: 'api:a/acl', code: 'CONSUMER_DENIED' } }),
      { policy: 'api:a/acl', code: 'CONSUMER_DENIED' },
    ],
    [
      'what another policy answers by its verdict',
      change('otherPolicy', { after: { verdict: 'respond', decidedBy: 'api:a/cors' } }),
      { policy: 'api:a/cors', code: 'respond' },
    ],
    [
      'what cannot be told by the fact that lacks',
      change('undecidable', { after: { verdict: 'undecidable', decidedBy: 'api:a/geo' }, missing: 'country' }),
      { policy: 'api:a/geo', what: 'country' },
    ],
    [
      'what is transformed by what differs',
      change('transformed', { differs: ['request header x-caller', 'response body'] }),
      { what: 'request header x-caller, response body' },
    ],
  ])('groups %s', (_name, one, reason) => {
    const changes = new WhatIfChanges()
    changes.add([one])
    expect(changes.groups(one.kind)).toEqual([{ ...reason, exchanges: 1, warming: 0 }])
  })

  it('counts at the line of the policy that decides: in the edited text, else in the saved one', () => {
    const changes = new WhatIfChanges()
    const before = { verdict: 'deny', decidedBy: 'api:a/acl', position: { ...position, line: 4 } } as const
    changes.add([denied('api:a/rbac', 'X'), denied('api:a/rbac', 'Y'), change('newlyAllowed', { before })])
    changes.add([change('transformed')])
    expect(changes.lines()).toEqual([
      { file: 'gatehouse.yaml', line: 9, of: 'edited', kind: 'newlyDenied', exchanges: 2 },
      { file: 'gatehouse.yaml', line: 4, of: 'saved', kind: 'newlyAllowed', exchanges: 1 },
    ])
  })

  it('keeps the row of an exchange that left the capture', () => {
    order = 0
    const changes = new WhatIfChanges()
    changes.add([denied('api:a/rbac', 'X')])
    expect(changes.rows('newlyDenied', 0, 10, () => [])).toMatchObject([{ id: 'x1', exchange: null, warming: false }])
  })
})
