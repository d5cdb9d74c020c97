import type { ImportProblem } from '../../protocol/replay-reports.ts'
import type { ReplayRequest } from '../../protocol/replay-request.ts'
import { plainSettings } from '../from-exchange.ts'
import { longName, longOption } from './curl-options.ts'
import { hasField, type ImportedRequests } from './imported.ts'
import { multipartOf, type Part } from './multipart.ts'
import { shellCommands } from './shell-words.ts'

/** Reads the bytes of a file that a command names; undefined where it cannot. */
export type ReadNamed = (path: string) => Buffer | undefined

/** Reads curl command lines as browsers, documentation and Replay itself write them. Options that are not taken are named. */
export function importCurl(text: string, read: ReadNamed = () => undefined): ImportedRequests {
  const imported: ImportedRequests = { kind: 'curl', requests: [], variables: new Map(), problems: [] }
  const { problems } = imported
  if (/\^\s*\r?\n|\^"/.test(text) && /^\s*curl/.test(text)) {
    problems.push({ what: 'this is written for the Windows command prompt', todo: 'copy it as cURL (bash)', line: 1 })
    return imported
  }
  for (const { line, words } of shellCommands(text.replace(/^\s*\$\s+(?=curl)/gm, ''), problems)) {
    if (!/(?:^|\/)curl(?:\.exe)?$/.test(words[0]!)) {
      problems.push({ what: `"${words[0]!.slice(0, 40)}" is not curl, and not taken`, line })
      continue
    }
    for (const request of new CurlCommand(line, problems, read).read(words.slice(1))) {
      const path = request.url.replace(/^https?:\/\/[^/]*/i, '').replace(/\?.*/s, '') || '/'
      imported.requests.push({ name: `${request.method} ${path}`, request })
    }
  }
  return imported
}

class CurlCommand {
  readonly #line: number
  readonly #problems: ImportProblem[]
  readonly #read: ReadNamed
  readonly #urls: string[] = []
  readonly #headers: { name: string; value: string }[] = []
  readonly #removed = new Set<string>()
  readonly #data: string[] = []
  readonly #parts: Part[] = []
  readonly #settings = { ...plainSettings } as {
    -readonly [K in keyof ReplayRequest['settings']]: ReplayRequest['settings'][K]
  }
  #binary: Buffer | undefined
  #file: string | undefined
  #method: string | undefined
  #version: ReplayRequest['version'] = '1.1'
  #get = false
  #head = false
  #put = false
  #json = false

  constructor(line: number, problems: ImportProblem[], read: ReadNamed) {
    this.#line = line
    this.#problems = problems
    this.#read = read
  }

  read(words: readonly string[]): ReplayRequest[] {
    for (let at = 0; at < words.length; at++) {
      const word = words[at]!
      if (word === '--next' || word === '-:') {
        this.#tell('what follows --next is not taken', 'give each request a command of its own')
        break
      }
      if (word === '--') {
        this.#urls.push(...words.slice(at + 1))
        break
      }
      if (word.startsWith('--')) at = this.#long(word, words, at)
      else if (word.startsWith('-') && word.length > 1) at = this.#letters(word, words, at)
      else this.#urls.push(word)
    }
    if (this.#urls.length === 0) this.#tell('the command names no URL')
    return this.#urls.map((url) => this.#request(url))
  }

  #long(word: string, words: readonly string[], at: number): number {
    const name = word.slice(2)
    const option = longOption(name)
    if (!option) {
      this.#tell(`${word.slice(0, 60)} is not known, and not taken`)
      return at
    }
    if (!option.value) {
      this.#take(option.does, '', word)
      return at
    }
    return this.#withValue(option.does, words[at + 1], word) ? at + 1 : at
  }

  /** `-sSL`, `-XPOST`, `-H name`. */
  #letters(word: string, words: readonly string[], at: number): number {
    for (let place = 1; place < word.length; place++) {
      const letter = word[place]!
      const name = longName(letter)
      const option = name === undefined ? undefined : longOption(name)
      if (!option) {
        this.#tell(`-${letter} is not known, and not taken`)
        continue
      }
      if (!option.value) {
        this.#take(option.does, '', `-${letter}`)
        continue
      }
      const rest = word.slice(place + 1)
      if (rest !== '') this.#take(option.does, rest, `-${letter}`)
      else return this.#withValue(option.does, words[at + 1], `-${letter}`) ? at + 1 : at
      break
    }
    return at
  }

  #withValue(does: string, value: string | undefined, word: string): boolean {
    if (value === undefined) this.#tell(`${word} has no value`, 'copy the whole command')
    else this.#take(does, value, word)
    return value !== undefined
  }

  #take(does: string, value: string, word: string): void {
    switch (does) {
      case 'nothing':
        return
      case 'foreign':
        return this.#tell(`${word} ${value.slice(0, 40)} is not taken`)
      case 'method':
        this.#method = value
        return
      case 'header':
        return this.#header(value)
      case 'url':
        this.#urls.push(value)
        return
      case 'data':
      case 'data-binary':
        return this.#dataOrFile(value, does === 'data')
      case 'data-raw':
        this.#data.push(value)
        return
      case 'data-urlencode':
        return this.#urlencoded(value)
      case 'json':
        this.#json = true
        return this.#dataOrFile(value, false)
      case 'form':
      case 'form-string':
        return this.#part(value, does === 'form')
      case 'user':
        this.#headers.push({ name: 'Authorization', value: `Basic ${Buffer.from(value).toString('base64')}` })
        return
      case 'bearer':
        this.#headers.push({ name: 'Authorization', value: `Bearer ${value}` })
        return
      case 'cookie':
        if (value.includes('=')) this.#headers.push({ name: 'Cookie', value })
        else this.#tell(`the cookies of the file ${value.slice(0, 60)} are not taken`)
        return
      case 'user-agent':
        return this.#header(`User-Agent: ${value}`)
      case 'referer':
        return this.#header(`Referer: ${value.replace(/;auto$/, '')}`)
      case 'range':
        return this.#header(`Range: bytes=${value}`)
      case 'compressed':
        return this.#header('Accept-Encoding: deflate, gzip, br')
      case 'get':
        this.#get = true
        return
      case 'head':
        this.#head = true
        return
      case 'insecure':
        this.#settings.insecure = true
        return
      case 'redirects':
        this.#settings.redirects = Math.max(this.#settings.redirects, 20)
        return
      case 'max-redirects':
        this.#settings.redirects = Math.min(20, Math.max(0, Number.parseInt(value) || 0))
        return
      case 'timeout':
        this.#settings.timeoutMs = Math.max(1, Math.round((Number(value) || 30) * 1000))
        return
      case 'upload':
        this.#put = true
        this.#file = value
        return
      case 'http1.0':
        this.#version = '1.0'
        return
      case 'http2':
        this.#version = '2'
        return
    }
  }

  /** `Name: value`; `Name;` is empty, `Name:` takes the one away that curl would send by itself. */
  #header(text: string): void {
    if (text.startsWith('@')) return this.#tell(`the headers of the file ${text.slice(1, 60)} are not taken`)
    const colon = text.indexOf(':')
    if (colon > 0) {
      const value = text.slice(colon + 1).trim()
      const name = text.slice(0, colon).trim()
      if (value === '') this.#removed.add(name.toLowerCase())
      else this.#headers.push({ name, value })
    } else if (text.endsWith(';')) this.#headers.push({ name: text.slice(0, -1).trim(), value: '' })
    else this.#tell(`-H ${text.slice(0, 60)} is no header`, 'write it like: Accept: application/json')
  }

  #dataOrFile(value: string, stripped: boolean): void {
    if (!value.startsWith('@')) {
      this.#data.push(value)
      return
    }
    const path = value.slice(1)
    const bytes = this.#read(path)
    if (!bytes) {
      this.#file = path
      this.#tell(`the body is the file ${path.slice(0, 80)}`, 'put it into the workspace, or write the body')
    } else if (stripped) this.#data.push(bytes.toString('utf8').replaceAll(/[\r\n\0]/g, ''))
    else this.#binary = bytes
  }

  /** `content`, `=content`, `name=content`, `name@file` (curl's manual). */
  #urlencoded(value: string): void {
    const at = /[=@]/.exec(value)
    if (!at) return void this.#data.push(encodeURIComponent(value))
    const name = value.slice(0, at.index)
    const rest = value.slice(at.index + 1)
    const content = at[0] === '@' ? this.#read(rest)?.toString('utf8') : rest
    if (content === undefined) return this.#tell(`the file ${rest.slice(0, 60)} is not taken`, 'write the value')
    this.#data.push(name === '' ? encodeURIComponent(content) : `${name}=${encodeURIComponent(content)}`)
  }

  #part(value: string, files: boolean): void {
    const equals = value.indexOf('=')
    if (equals < 1) return this.#tell(`-F ${value.slice(0, 40)} is no form field`, 'write it like: name=value')
    const name = value.slice(0, equals)
    const [content = '', ...attributes] = files ? value.slice(equals + 1).split(';') : [value.slice(equals + 1)]
    const attribute = (key: string) =>
      attributes
        .find((one) => one.trim().startsWith(`${key}=`))
        ?.trim()
        .slice(key.length + 1)
        .replaceAll('"', '')
    const type = attribute('type')
    if (!files || !/^[@<]/.test(content)) {
      this.#parts.push({ name, content: Buffer.from(content), ...(type !== undefined && { type }) })
      return
    }
    const path = content.slice(1)
    const bytes = this.#read(path)
    if (!bytes) this.#tell(`the file ${path.slice(0, 80)} of the form is not taken`, 'put it into the workspace')
    const file = content.startsWith('@') ? (attribute('filename') ?? path.replace(/^.*\//, '')) : undefined
    const known = type ?? (file === undefined ? undefined : 'application/octet-stream')
    const part: Part = { name, content: bytes ?? Buffer.alloc(0) }
    this.#parts.push({ ...part, ...(file !== undefined && { file }), ...(known !== undefined && { type: known }) })
  }

  #request(written: string): ReplayRequest {
    const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(written) || /^(?:\/|\{\{)/.test(written) ? written : `http://${written}`
    const headers = [...this.#headers]
    const add = (name: string, value: string) => {
      const lower = name.toLowerCase()
      if (!hasField(headers, lower) && !this.#removed.has(lower)) headers.push({ name, value })
    }
    const data = this.#data.join(this.#json ? '' : '&')
    const some =
      this.#data.length > 0 || this.#binary !== undefined || this.#file !== undefined || this.#parts.length > 0
    const method = this.#method ?? (this.#head ? 'HEAD' : this.#get || !some ? 'GET' : this.#put ? 'PUT' : 'POST')
    const common = { method, version: this.#version, settings: { ...this.#settings } }
    if (this.#get) {
      const join = url.includes('?') ? '&' : '?'
      return { ...common, url: data === '' ? url : url + join + data, headers, body: null }
    }
    let body: ReplayRequest['body'] = null
    if (this.#parts.length > 0) {
      const form = multipartOf(this.#parts)
      add('Content-Type', form.contentType)
      body = form.body
    } else if (this.#file !== undefined) body = { kind: 'file', path: this.#file }
    else if (this.#binary !== undefined) body = { kind: 'bytes', base64: this.#binary.toString('base64') }
    else if (this.#data.length > 0) body = { kind: 'text', text: data }
    if (this.#json) {
      add('Content-Type', 'application/json')
      add('Accept', 'application/json')
    } else if (body !== null && this.#parts.length === 0 && !this.#put) {
      add('Content-Type', 'application/x-www-form-urlencoded')
    }
    return { ...common, url, headers, body }
  }

  #tell(what: string, todo?: string): void {
    this.#problems.push({ what, line: this.#line, ...(todo !== undefined && { todo }) })
  }
}
