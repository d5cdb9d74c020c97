import { resolve } from 'node:path'

/** What a window opens: a folder, a sample, a core that runs elsewhere, or nothing yet (the welcome screen). */
export type Opening =
  | { kind: 'folder'; folder: string }
  | { kind: 'sample'; sample: string }
  | { kind: 'attach'; url: string; token: string }
  | { kind: 'welcome' }

/** What stands on the command line is wrong; the message says what to write instead. */
export class LaunchProblem extends Error {}

/**
 * Reads `gatehouse-app [workspace] [--sample=name] [--attach=ws://host:port/#token]`. Chromium's own switches are passed
 * over. `words` are the arguments after the program (and after the app's folder, where the runtime is a bare Electron).
 */
export function readArguments(words: readonly string[], cwd: string): Opening {
  const attach = valueOf(words, 'attach')
  if (attach !== undefined) return readAttach(attach)
  const sample = valueOf(words, 'sample')
  if (sample !== undefined) return { kind: 'sample', sample }
  const folder = words.find((word, index) => word !== '' && !word.startsWith('-') && !isValue(words[index - 1]))
  return folder === undefined ? { kind: 'welcome' } : { kind: 'folder', folder: resolve(cwd, folder) }
}

/** Arguments of ours: with a bare Electron the first word that is no switch names the app. */
export function ownWords(argv: readonly string[], bare: boolean): string[] {
  const words = argv.slice(1)
  if (!bare) return words
  const app = words.findIndex((word) => !word.startsWith('-'))
  return words.slice(app + 1)
}

function valueOf(words: readonly string[], name: string): string | undefined {
  const index = words.findIndex((word) => word === `--${name}` || word.startsWith(`--${name}=`))
  if (index === -1) return undefined
  const word = words[index]!
  return word.includes('=') ? word.slice(word.indexOf('=') + 1) : (words[index + 1] ?? '')
}

function isValue(before: string | undefined): boolean {
  return before === '--attach' || before === '--sample'
}

function readAttach(text: string): Opening {
  const form = 'write --attach=ws://host:port/#token, the address that "gatehouse serve --ui" prints'
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new LaunchProblem(`--attach is not an address: ${form}`)
  }
  const scheme = { 'http:': 'ws:', 'https:': 'wss:', 'ws:': 'ws:', 'wss:': 'wss:' }[url.protocol]
  if (!scheme) throw new LaunchProblem(`--attach speaks WebSocket: ${form}`)
  const fragment = url.hash.slice(1)
  const token = new URLSearchParams(fragment).get('token') ?? fragment
  if (token === '') throw new LaunchProblem(`--attach needs the token after #: ${form}`)
  // The page's address and the socket's differ in their last part only.
  const path = url.pathname.endsWith('/') ? `${url.pathname}rpc` : url.pathname
  return { kind: 'attach', url: `${scheme}//${url.host}${path}${url.search}`, token }
}
