import { cmdCommands, isForCmd } from './cmd-words.ts'
import { CurlCommand, type ReadNamed } from './curl-command.ts'
import type { ImportedRequests } from './imported.ts'
import { shellCommands } from './shell-words.ts'

/**
 * Reads curl command lines as browsers, documentation and Replay itself write them, for bash or for the Windows command
 * prompt. Variables that a script sets are taken over; options that are not taken are named.
 */
export function importCurl(text: string, read: ReadNamed = () => undefined): ImportedRequests {
  const imported: ImportedRequests = { kind: 'curl', requests: [], variables: new Map(), problems: [] }
  const { problems, variables } = imported
  const commands = isForCmd(text) ? cmdCommands(text) : shellCommands(withInput(text), problems)
  for (const { line, words } of commands) {
    const set = /^([A-Za-z_]\w*)=([^]*)$/.exec(words[0] === 'export' ? (words[1] ?? '') : words[0]!)
    if (set && words.length === (words[0] === 'export' ? 2 : 1)) {
      variables.set(set[1]!, set[2]!)
      continue
    }
    if (!/(?:^|[/\\])curl(?:\.exe)?$/i.test(words[0]!)) {
      problems.push({ what: `"${words[0]!.slice(0, 40)}" is not curl, and not taken`, line })
      continue
    }
    for (const own of partedBy(words.slice(1), /^(?:--next|-:)$/)) {
      for (const request of new CurlCommand(line, problems, read).read(own)) {
        const path = request.url.replace(/^https?:\/\/[^/]*/i, '').replace(/\?.*/s, '') || '/'
        imported.requests.push({ name: `${request.method} ${path}`, request })
      }
    }
  }
  return imported
}

/** A prompt in front is taken away; bytes that are piped in, as Replay copies a body that is no text, become an option. */
function withInput(text: string): string {
  return text
    .replaceAll(/^\s*\$\s+(?=curl)/gm, '')
    .replaceAll(
      /\bprintf (?:'?%s'?) '?([A-Za-z0-9+/=]*)'? \| base64 (?:-d|-D|--decode) \| curl\b/g,
      (_, base64: string) => `curl --input-base64 '${base64}'`,
    )
}

function partedBy(words: readonly string[], separator: RegExp): string[][] {
  const parts: string[][] = [[]]
  for (const word of words) {
    if (separator.test(word)) parts.push([])
    else parts.at(-1)!.push(word)
  }
  return parts
}
