import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findProjectNode, root } from './build-scripts.ts'
import { askOverNewPort, copySample, endProcess, launch, type LaunchedApp, makeHome } from './launch.ts'

/** A window on a core that runs elsewhere: the same core that serves browsers, started by the command line. */
let core: ChildProcess
let launched: LaunchedApp
const { home, clean } = makeHome()

beforeAll(async () => {
  const program = join(root, 'gateway-core', 'cli', 'main.ts')
  core = spawn(findProjectNode()!, [program, 'serve', copySample(home, 'minimal'), '--ui', '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, HOME: home, XDG_CONFIG_HOME: join(home, '.config') },
  })
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(core.stdout!).once('line', resolve)
    core.once('exit', (code) => reject(new Error(`the core ended with ${code}`)))
  })
  const { url } = JSON.parse(line) as { url: string }
  launched = await launch(home, `--attach=${url}`)
}, 90_000)
afterAll(async () => {
  await launched?.close()
  await endProcess(core)
  clean()
}, 20_000)

describe('a window that is attached to a core elsewhere', () => {
  it('shows the workspace of that core, without a core of its own', async () => {
    await launched.page
      .getByText(/127\.0\.0\.1:\d+/)
      .first()
      .waitFor({ timeout: 10_000 })
    await launched.page.getByText('minimal').first().waitFor()
    const own = await launched.app.evaluate(
      ({ app }) => app.getAppMetrics().filter(({ name }) => name?.startsWith('Gatehouse core')).length,
    )
    expect(own).toBe(0)
  })

  it('connects again, though its token was used up', async () => {
    // A page that connects again gets a socket of its own, which the key of the first one opens.
    expect(await askOverNewPort(launched.page)).toMatchObject({ t: 'result', result: { mode: 'browser' } })
  })

  it('says so when the core is gone', async () => {
    core.kill()
    await launched.page.getByText(/connection to the core is lost/).waitFor({ timeout: 10_000 })
  })
})
