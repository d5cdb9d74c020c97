import { join, tokensOf } from '../openapi/pointer.ts'

/** What a script behind a request says in the few words that are understood: values that are taken, and the status that is wanted. */
export interface ResponseHandler {
  /** `/pointer` or `header Name` by the name of the variable. */
  captures: Readonly<Record<string, string>>
  status?: number
}

const path = String.raw`((?:\.[A-Za-z_$][\w$]*|\[\d+\]|\[(?:"[^"]*"|'[^']*')\])*)`
const string = String.raw`(?:"([^"]*)"|'([^']*)')`
const wrapper =
  /(?:client|pm)\.test\(\s*(?:"[^"]*"|'[^']*'|`[^`]*`)\s*,\s*(?:async\s*)?(?:function\s*\w*\(\s*\)|\(\s*\)\s*=>)\s*\{/g

/**
 * Reads a response handler of JetBrains (`client.global.set("token", response.body.access_token)`), or a test script of
 * Postman. Undefined where it says anything else: what is half understood would be half right.
 */
export function readHandler(script: string): ResponseHandler | undefined {
  const captures: Record<string, string> = {}
  let status: number | undefined
  const aliases = new Set(['response.body', 'pm.response.json()'])
  let rest = script.replaceAll(/\/\/[^\n]*|\/\*[^]*?\*\//g, '').replaceAll(wrapper, '')
  const take = (expression: string, found: (...groups: string[]) => void) => {
    rest = rest.replaceAll(new RegExp(expression, 'g'), (_, ...groups: string[]) => {
      found(...groups)
      return ''
    })
  }
  take(
    String.raw`\b(?:const|let|var)\s+(\w+)\s*=\s*(?:pm\.response\.json\(\)|JSON\.parse\(\s*responseBody\s*\)|response\.body)\s*(?:;|\n|$)`,
    (name) => aliases.add(name),
  )
  const setting = String.raw`(?:client\.global|pm\.(?:environment|collectionVariables|globals|variables))\.set\(\s*${string}\s*,\s*`
  take(
    String.raw`${setting}(?:response\.headers\.valueOf|pm\.response\.headers\.get)\(\s*${string}\s*\)\s*\)`,
    (one, other, header, second) => {
      captures[one ?? other!] = `header ${header ?? second!}`
    },
  )
  for (const alias of aliases) {
    take(`${setting}${alias.replaceAll(/[.()]/g, String.raw`\$&`)}${path}\\s*\\)`, (one, other, steps = '') => {
      captures[one ?? other!] = pointerOf(steps)
    })
  }
  const statuses = [
    String.raw`client\.assert\(\s*response\.status\s*===?\s*(\d{3})\s*(?:,\s*(?:"[^"]*"|'[^']*'|\x60[^\x60]*\x60))?\s*\)`,
    String.raw`pm\.response\.to\.have\.status\(\s*(\d{3})\s*\)`,
    String.raw`pm\.expect\(\s*pm\.response\.code\s*\)\.to\.(?:equal|eql|be\.equal)\(\s*(\d{3})\s*\)`,
  ]
  for (const expression of statuses) take(expression, (code) => (status = Number(code)))
  if (!/^[\s;(){},]*$/.test(rest)) return undefined
  return { captures, ...(status !== undefined && { status }) }
}

/** `.items[0]["a b"]` as a JSON pointer. */
function pointerOf(steps: string): string {
  const tokens = [...steps.matchAll(/\.([\w$]+)|\[(\d+)\]|\[(?:"([^"]*)"|'([^']*)')\]/g)]
  return tokens.map(([, name, at, double, single]) => name ?? at ?? double ?? single ?? '').reduce(join, '')
}

/** A handler as JetBrains writes it. */
export function handlerText({ captures, status }: ResponseHandler): string {
  const lines = Object.entries(captures).map(([name, from]) => {
    const header = /^header (.*)$/s.exec(from)?.[1]
    const steps = tokensOf(from).map((token) =>
      /^\d+$/.test(token) ? `[${token}]` : /^[A-Za-z_$][\w$]*$/.test(token) ? `.${token}` : `["${token}"]`,
    )
    const value = header === undefined ? `response.body${steps.join('')}` : `response.headers.valueOf("${header}")`
    return `  client.global.set("${name}", ${value});`
  })
  if (status !== undefined) {
    lines.push(`  client.test("status", function () { client.assert(response.status === ${status}); });`)
  }
  return lines.length === 0 ? '' : `> {%\n${lines.join('\n')}\n%}\n`
}
