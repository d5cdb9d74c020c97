import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { loadWorkspace, workspaceFile } from '../config/load.ts'
import { Router } from '../proxy/router.ts'
import { observedHostOf, withHostRoute } from '../workbench/host-route.ts'
import { writeWhole } from '../workbench/json-file.ts'
import { CannotRun, defineCommand } from './command.ts'
import { printJson } from './io.ts'
import { shownPath, workspaceFolder } from './load.ts'
import { version } from '../version.ts'
import { visible } from '../visible.ts'

export const route = defineCommand({
  usage: 'route <host|url> [workspace]',
  about: `Makes a route of a host that was observed: adds an upstream and an API with that host to gatehouse.yaml, and changes
nothing else there. From then on its policies judge what goes to that host through the forward proxy. A host without
http:// is taken for one of HTTPS. Without a gatehouse.yaml one is begun.
Exit code 0 when it was made, 1 when there was one already, 2 when it could not be written.`,
  options: {},
  words: 2,
  examples: [
    ['route api.github.com', 'judge what goes to that host'],
    ['route http://localhost:3000 samples/minimal', 'a server on this machine, in another workspace'],
  ],
  json: '{made, host, file, line}',
  async run({ options, words, io }) {
    const [name, place] = words
    const host = name === undefined ? undefined : observedHostOf(name)
    if (!host) {
      const what = name === undefined ? 'of which host?' : `"${visible(name, 100)}" is no host`
      throw new CannotRun(what, 'write it like: gatehouse route api.example.com')
    }
    const folder = workspaceFolder(io, place)
    const file = join(folder, workspaceFile)
    const text = existsSync(file) ? readFileSync(file, 'utf8') : 'gatehouse: 1\n'
    const { workspace } = await loadWorkspace(folder, {
      env: io.env,
      engineVersion: version,
      readOnly: true,
      ...(!existsSync(file) && { overlay: new Map([[workspaceFile, text]]) }),
    })
    const known = workspace && new Router(workspace.routes).routeOf(host.authority, host.scheme)
    const line = known ? known.position.line : await add(file, text, host)
    const at = `${shownPath(io, known ? join(folder, known.position.file) : file)}:${line}`
    if (options.json)
      printJson(io, { made: !known, host: host.authority, file: known?.position.file ?? workspaceFile, line })
    else if (known) io.print(`${visible(host.authority)} has a route already: ${at}`)
    else
      io.print(
        `${visible(host.authority)} has a route now: ${at}\nput policies there; they judge what comes through the forward proxy`,
      )
    return known ? 1 : 0
  },
})

async function add(file: string, text: string, host: Parameters<typeof withHostRoute>[1]): Promise<number> {
  try {
    const made = withHostRoute(text, host)
    writeWhole(file, made.text, 0o644)
    return made.line
  } catch (error) {
    const { message, todo } = error as Error & { todo?: string }
    throw new CannotRun(message, todo)
  }
}
