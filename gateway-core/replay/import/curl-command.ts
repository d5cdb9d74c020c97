import type { ImportProblem } from '../../protocol/replay-reports.ts'
import type { ReplayRequest } from '../../protocol/replay-request.ts'
import { plainSettings } from '../from-exchange.ts'
import { longName, longOption } from './curl-options.ts'
import { bytesBody, hasField } from './imported.ts'
import { formPart } from './curl-form.ts'
import { multipartOf, type Part } from './multipart.ts'

/** Reads the bytes of a file that a command names; undefined where it cannot. */
export type ReadNamed = (path: string) => Buffer | undefined

/** One curl command line on its way to requests: its options are taken one after the other. */
export class CurlCommand {
  readonly #line: number
  readonly #problems: ImportProblem[]
  readonly #read: ReadNamed
  readonly #urls: string[] = []
  readonly #headers: Field[] = []
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
  #follows = false
  #globs = false
  /** What another program prints into the command. */
  #input: Buffer | undefined
  #mostRedirects: number | undefined
  readonly #query: string[] = []

  constructor(line: number, problems: ImportProblem[], read: ReadNamed) {
    this.#line = line
    this.#problems = problems
    this.#read = read
  }

  read(words: readonly string[]): ReplayRequest[] {
    for (let at = 0; at < words.length; at++) {
      const word = words[at]!
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
        return this.#tell(`${`${word} ${value.slice(0, 40)}`.trimEnd()} is not taken`)
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
        return this.#basic(value.includes(':') ? value : `${value}:`)
      case 'bearer':
        return this.#imply('Authorization', `Bearer ${value}`)
      case 'cookie':
        if (value.includes('=')) this.#headers.push({ name: 'Cookie', value })
        else this.#tell(`the cookies of the file ${value.slice(0, 60)} are not taken`)
        return
      case 'user-agent':
        return this.#imply('User-Agent', value)
      case 'referer':
        return this.#imply('Referer', value.replace(/;auto$/, ''))
      case 'range':
        return this.#imply('Range', `bytes=${value}`)
      case 'compressed':
        return this.#imply('Accept-Encoding', 'deflate, gzip, br')
      case 'query':
        this.#query.push(value.startsWith('+') ? value.slice(1) : encodedPair(value))
        return
      case 'input':
        this.#input = Buffer.from(value, 'base64')
        return
      case 'globoff':
        this.#globs = true
        return
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
        this.#follows = true
        return
      case 'max-redirects':
        this.#mostRedirects = Number.parseInt(value) || 0
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
    if (text.startsWith('@')) {
      const lines = this.#read(text.slice(1))?.toString('utf8').split(/\r?\n/)
      if (!lines) return this.#tell(`the headers of the file ${text.slice(1, 60)} are not taken`)
      for (const line of lines) if (line.trim() !== '') this.#header(line)
      return
    }
    const colon = text.indexOf(':')
    if (colon > 0) {
      const value = text.slice(colon + 1).trim()
      const name = text.slice(0, colon).trim()
      if (value === '') this.#removed.add(name.toLowerCase())
      else this.#headers.push({ name, value })
    } else if (text.endsWith(';')) this.#headers.push({ name: text.slice(0, -1).trim(), value: '' })
    else this.#tell(`-H ${text.slice(0, 60)} is no header`, 'write it like: Accept: application/json')
  }

  /** What an option stands for: a header that is written out takes its place. */
  #imply(name: string, value: string): void {
    this.#headers.push({ name, value, implied: true })
  }

  /** Variables can only be encoded when they are known: then the pair stays as it reads, and is encoded when it is sent. */
  #basic(pair: string): void {
    this.#imply('Authorization', `Basic ${pair.includes('{{') ? pair : Buffer.from(pair).toString('base64')}`)
  }

  #bytesOf(path: string): Buffer | undefined {
    return path === '-' ? this.#input : this.#read(path)
  }

  #dataOrFile(value: string, stripped: boolean): void {
    if (!value.startsWith('@')) {
      this.#data.push(value)
      return
    }
    const path = value.slice(1)
    const bytes = this.#bytesOf(path)
    if (!bytes && path === '-') this.#tell('the body is what another program prints', 'write the body')
    else if (!bytes) {
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
    const content = at[0] === '@' ? this.#bytesOf(rest)?.toString('utf8') : rest
    if (content === undefined) return this.#tell(`the file ${rest.slice(0, 60)} is not taken`, 'write the value')
    this.#data.push(name === '' ? encodeURIComponent(content) : `${name}=${encodeURIComponent(content)}`)
  }

  #part(value: string, files: boolean): void {
    const part = formPart(value, files, (path) => this.#bytesOf(path))
    if (!part) return this.#tell(`-F ${value.slice(0, 40)} is no form field`, 'write it like: name=value')
    if (part.path !== undefined) {
      this.#tell(`the form has the file ${part.path.slice(0, 80)}`, 'put it into the workspace')
    }
    this.#parts.push(part)
  }

  #request(written: string): ReplayRequest {
    const url = this.#urlOf(written)
    const headers = this.#fields()
    const add = (name: string, value: string) => {
      const lower = name.toLowerCase()
      if (!hasField(headers, lower) && !this.#removed.has(lower)) headers.push({ name, value })
    }
    const data = this.#data.join(this.#json ? '' : '&')
    const some =
      this.#data.length > 0 || this.#binary !== undefined || this.#file !== undefined || this.#parts.length > 0
    const method = this.#method ?? (this.#head ? 'HEAD' : this.#get || !some ? 'GET' : this.#put ? 'PUT' : 'POST')
    const redirects = this.#follows ? Math.min(20, Math.max(0, this.#mostRedirects ?? 20)) : 0
    const common = { method, version: this.#version, settings: { ...this.#settings, redirects } }
    if (this.#get) return { ...common, url: withQuery(url, data), headers, body: null }
    let body: ReplayRequest['body'] = null
    if (this.#parts.length > 0) {
      const form = multipartOf(this.#parts)
      const type = headers.find(({ name }) => name.toLowerCase() === 'content-type')
      // Written without a boundary, as some tools copy it: it gets the one that the form has.
      if (type && /^multipart\//i.test(type.value) && !/boundary=/i.test(type.value)) {
        type.value += `; boundary=${form.boundary}`
      }
      add('Content-Type', form.contentType)
      body = form.body
    } else if (this.#file !== undefined) body = { kind: 'file', path: this.#file }
    else if (this.#binary !== undefined) body = bytesBody(this.#binary)
    else if (this.#data.length > 0) body = { kind: 'text', text: data }
    if (this.#json) {
      add('Content-Type', 'application/json')
      add('Accept', 'application/json')
    } else if (body !== null && this.#parts.length === 0 && !this.#put) {
      add('Content-Type', 'application/x-www-form-urlencoded')
    }
    return { ...common, url, headers, body }
  }

  /** As curl reads it: `http://` where no scheme is written, a file that is put into a folder keeps its name. */
  #urlOf(written: string): string {
    let url = /^[a-z][a-z0-9+.-]*:\/\//i.test(written) || /^(?:\/|\{\{)/.test(written) ? written : `http://${written}`
    if (!this.#globs && /\{[^{}]*,[^{}]*\}|\[\d+-\d+/.test(url.replaceAll(/\{\{.*?\}\}/g, ''))) {
      this.#tell('curl makes several URLs of the braces or brackets in this one; it is taken as it stands')
    }
    if (this.#put && this.#file !== undefined && /^[^?#]*\/$/.test(url)) url += this.#file.replace(/^.*[\\/]/, '')
    return this.#query.reduce(withQuery, url)
  }

  /** The fields in their order, without those that an option stands for where one is written out. */
  #fields(): { name: string; value: string }[] {
    const written = new Set(this.#headers.filter(({ implied }) => !implied).map(({ name }) => name.toLowerCase()))
    return this.#headers
      .filter(({ name, implied }) => !implied || !written.has(name.toLowerCase()))
      .map(({ name, value }) => ({ name, value }))
  }

  #tell(what: string, todo?: string): void {
    this.#problems.push({ what, line: this.#line, ...(todo !== undefined && { todo }) })
  }
}

interface Field {
  name: string
  value: string
  implied?: true
}

function withQuery(url: string, query: string): string {
  return query === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${query}`
}

function encodedPair(value: string): string {
  const equals = value.indexOf('=')
  if (equals <= 0) return encodeURIComponent(value.slice(equals === 0 ? 1 : 0))
  return `${value.slice(0, equals)}=${encodeURIComponent(value.slice(equals + 1))}`
}
