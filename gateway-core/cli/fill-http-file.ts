import { getSecret } from '../config/secrets.ts'
import { loadWorkspaceKey } from '../config/workspace-key.ts'
import { ReplayError } from '../replay/replay-error.ts'
import { fillVariables } from '../replay/variables.ts'
import { visible } from '../visible.ts'
import { CannotRun } from './command.ts'
import type { Io } from './io.ts'

/**
 * Puts the variables of a `.http` file (`@name = value`) in their places, and secrets and environment variables into
 * its header lines, so that the file of Replay is judged as it would be sent. Lines stay where they are. What only looks
 * like a reference (`{{7*7}}` or `${env:X}` in a body) is somebody's attack, and stays too. Throws CannotRun.
 */
export async function fillHttpText(text: string, file: string, folder: string, io: Io): Promise<string> {
  if (!/^\s*@[\w.-]+\s*=|\$\{(?:secret|env):/m.test(text)) return text
  const variables = new Map<string, string>()
  const lines: string[] = []
  let part: 'before' | 'head' | 'body' = 'before'
  for (const line of text.split('\n')) {
    const variable = part === 'before' ? /^\s*@([\w.-]+)\s*=\s*(.*?)\s*$/.exec(line) : null
    if (variable) variables.set(variable[1]!, variable[2]!)
    if (line.startsWith('###')) part = 'before'
    else if (part === 'head' && line.trim() === '') part = 'body'
    const place = `${file}:${lines.length + 1}`
    const filled = variable ? '' : fillKnown(line, variables, place)
    lines.push(part === 'head' ? await fillReferences(filled, place, folder, io) : filled)
    if (part === 'before' && !variable && line.trim() !== '' && !/^\s*(?:#|\/\/)/.test(line)) part = 'head'
  }
  return lines.join('\n')
}

function fillKnown(line: string, variables: ReadonlyMap<string, string>, place: string): string {
  return line.replaceAll(/\{\{\s*([\w.-]+)\s*\}\}/g, (whole, name: string) => {
    if (!variables.has(name)) return whole
    try {
      return fillVariables(whole, variables, place)
    } catch (error) {
      throw error instanceof ReplayError ? new CannotRun(error.message, error.todo) : error
    }
  })
}

async function fillReferences(line: string, place: string, folder: string, io: Io): Promise<string> {
  let filled = ''
  let end = 0
  for (const { 0: whole, 1: kind, 2: name, index } of line.matchAll(/\$\{(secret|env):([^}]*)\}/g)) {
    const value = kind === 'env' ? io.env[name!] : await secretOf(folder, name!, io)
    if (value === undefined) {
      const todo = kind === 'env' ? `set it: export ${name}=…` : `set it: gatehouse secret set ${name}`
      throw new CannotRun(`${place}: ${visible(whole, 80)} has no value`, todo)
    }
    filled += line.slice(end, index) + value
    end = index + whole.length
  }
  return filled + line.slice(end)
}

async function secretOf(folder: string, name: string, io: Io): Promise<string | undefined> {
  try {
    return await getSecret(folder, name, await loadWorkspaceKey(folder, io.env, { create: false }))
  } catch (error) {
    throw new CannotRun((error as Error).message, 'set GATEHOUSE_KEY to the key it was made with')
  }
}
