/** A request as one curl line of the documentation describes it. */
export interface CurlRequest {
  method: string
  url: string
  headers: Record<string, string>
  body?: string
}

/**
 * Reads the small part of curl's command line that the samples use: -X, -H, -d, --json, -G with --data-urlencode, -i, -s
 * and -o. Throws on anything else, so that a line of the documentation can never be half understood.
 */
export function readCurl(line: string, variables: Record<string, string>): CurlRequest {
  const [command, ...words] = splitWords(line, variables)
  if (command !== 'curl') throw new Error(`not a curl line: ${line}`)
  const headers: Record<string, string> = {}
  const form = new URLSearchParams()
  let method: string | undefined
  let url: string | undefined
  let body: string | undefined
  let asQuery = false
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '-i' || word === '-s') continue
    if (word === '-G') asQuery = true
    else if (word === '-o') words.shift()
    else if (word === '-X') method = words.shift()
    else if (word === '-H') {
      const [name, value] = (words.shift() as string).split(/: (.*)/s) as [string, string]
      headers[name.toLowerCase()] = value
    } else if (word === '--json') {
      body = words.shift() as string
      headers['content-type'] = 'application/json'
    } else if (word === '-d' || word === '--data-urlencode') {
      const [name, value] = (words.shift() as string).split(/=(.*)/s) as [string, string]
      form.append(name, value)
    } else if (url === undefined && !word.startsWith('-')) url = word
    else throw new Error(`cannot read ${word} in: ${line}`)
  }
  if (url === undefined) throw new Error(`no address in: ${line}`)
  if (asQuery) return { method: method ?? 'GET', url: `${url}?${form.toString()}`, headers }
  if (form.size > 0) {
    body = form.toString()
    headers['content-type'] = 'application/x-www-form-urlencoded'
  }
  return { method: method ?? (body === undefined ? 'GET' : 'POST'), url, headers, ...(body !== undefined && { body }) }
}

/** Splits as a shell does: single quotes keep all, double quotes and bare words replace `$NAME`. */
function splitWords(line: string, variables: Record<string, string>): string[] {
  const replace = (text: string) => text.replaceAll(/\$(\w+)/g, (_, name: string) => variables[name] ?? '')
  const words: string[] = []
  for (const [word] of line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)) {
    const parts = word.matchAll(/'([^']*)'|"([^"]*)"|([^'"]+)/g)
    words.push([...parts].map(([, kept, doubled, bare]) => kept ?? replace((doubled ?? bare) as string)).join(''))
  }
  return words
}
