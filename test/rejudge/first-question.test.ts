import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadWorkspaceKey } from '../../gateway-core/config/workspace-key.ts'
import { WhatIfThread } from '../../gateway-core/rejudge/what-if-thread.ts'
import { version } from '../../gateway-core/version.ts'
import { type RecordedFolder, recordedFolder } from './recorded-folder.ts'

// What counts must not depend on what was asked before.
let recorded: RecordedFolder
beforeAll(async () => {
  recorded = await recordedFolder()
}, 60_000)
afterAll(() => recorded.close())

async function inFreshThread<T>(ask: (thread: WhatIfThread) => Promise<T>): Promise<T> {
  const { folder, env } = recorded
  const thread = new WhatIfThread({ folder, key: await loadWorkspaceKey(folder, {}), env, engineVersion: version })
  try {
    return await ask(thread)
  } finally {
    thread.close()
  }
}

test('the first question is the state of counters', async () => {
  const { entries } = await inFreshThread((thread) => thread.stateAt(Date.now()))
  expect(entries.map(({ type }) => type)).toContain('rate-limiting')
})

test('the first question is an edit before a limiter that the edit leaves alone', async () => {
  const condition = `- ip-restriction: { name: early, deny: [10.1.0.1], when: "request.query in ['page=0', 'page=1']" }`
  const from = 'policies:\n  - real-ip'
  expect(recorded.yaml).toContain(from)
  const to = `policies:\n  - real-ip: {trusted: [127.0.0.0/8]}\n  ${condition}\n  #`
  const candidate = { 'gatehouse.yaml': recorded.yaml.replace(from, to) }
  const report = await inFreshThread((thread) => thread.judge({ candidate }))
  expect(report).toMatchObject({ newlyDenied: 2, newlyAllowed: 1, same: 8 })
})
