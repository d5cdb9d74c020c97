import { text as readAll } from 'node:stream/consumers'
import { getSecret, listSecrets, removeSecret, setSecret } from '../config/secrets.ts'
import { loadWorkspaceKey, WorkspaceKeyError } from '../config/workspace-key.ts'
import { closest } from '../config/closest.ts'
import { CannotRun, defineCommand } from './command.ts'
import { printJson } from './io.ts'
import { workspaceFolder } from './load.ts'
import { readHidden } from './read-hidden.ts'
import { visible } from '../visible.ts'

export const secret = defineCommand({
  usage: 'secret set|list|show|remove [name] [--workspace folder]',
  about: `Keeps the values that a workspace refers to as \${secret:name}, encrypted in secrets.enc.yaml. The key is
GATEHOUSE_KEY or .gatehouse/key. The value comes from stdin, or is asked for without being shown; never from an
argument, which other users could read. show prints one value in clear. Exit code 1 when there is no such secret.`,
  options: {
    workspace: {
      type: 'string',
      short: 'w',
      value: 'folder',
      help: 'Folder of the workspace; the current one without it.',
    },
  },
  words: 2,
  examples: [
    ['secret set mobile-app-key --workspace samples/bookshop', 'asks for the value'],
    ['secret set mobile-app-key < key.txt', 'takes it from a file, without its last line break'],
    ['secret list', 'names only'],
    ['secret show mobile-app-key', 'the value and nothing else, for $(…) in a shell'],
  ],
  json: '{secrets: [name]} for list, {name, value} for show, {name, done: true or false} for set and remove',
  async run({ options, words, io }) {
    const [action, name] = words
    const folder = workspaceFolder(io, options.workspace)
    try {
      if (action === 'list') {
        const names = await listSecrets(folder)
        if (options.json) printJson(io, { secrets: names })
        else io.print(names.length > 0 ? names.map((one) => visible(one)).join('\n') : 'no secrets yet')
        return 0
      }
      if (action !== 'set' && action !== 'remove' && action !== 'show') throw unknownAction(action)
      if (name === undefined) throw new CannotRun(`which secret? secret ${action} needs a name`)
      if (action === 'show') {
        const value = await getSecret(folder, name, await loadWorkspaceKey(folder, io.env, { create: false }))
        if (options.json) printJson(io, { name, value: value ?? null })
        else if (value === undefined) io.tell(`there is no secret ${visible(name)}`)
        else io.print(value)
        return value === undefined ? 1 : 0
      }
      if (action === 'remove') {
        const done = await removeSecret(folder, name)
        if (options.json) printJson(io, { name, done })
        else io.print(done ? `removed ${visible(name)}` : `there is no secret ${visible(name)}`)
        return done ? 0 : 1
      }
      const value = io.stdin.isTTY ? await readHidden(io, `value of ${visible(name)}: `) : await readAll(io.stdin)
      const trimmed = value.replace(/\r?\n$/, '')
      if (trimmed === '') throw new CannotRun('the value is empty, so nothing was set')
      await setSecret(folder, name, trimmed, await loadWorkspaceKey(folder, io.env))
      if (options.json) printJson(io, { name, done: true })
      else io.print(`set ${visible(name)}; refer to it as \${secret:${visible(name)}}`)
      return 0
    } catch (error) {
      if (error instanceof CannotRun) throw error
      const suggestion = error instanceof WorkspaceKeyError ? error.suggestion : undefined
      throw new CannotRun((error as Error).message, suggestion)
    }
  },
})

function unknownAction(action: string | undefined): CannotRun {
  const actions = ['set', 'list', 'show', 'remove']
  const meant = action === undefined ? undefined : closest(action, actions)
  const suggestion = meant ? `did you mean "${meant}"?` : `write one of ${actions.join(', ')}`
  return new CannotRun(
    action === undefined ? 'secret needs an action' : `there is no action "${visible(action, 40)}"`,
    suggestion,
  )
}
