import { isMap, isSeq, type Node, type YAMLMap, type YAMLSeq } from 'yaml'
import { hostOf, portOf } from '../proxy/observed-origins.ts'
import { withoutDefaultPort } from '../proxy/request-target.ts'
import { refused } from '../protocol/rpc-error.ts'
import { afterLine, lastOf, lineStartOf } from './policy-snippet.ts'
import { itemsOf, keyOf, pairOf, pairsOf, textOf, valueOf, type YamlNode, yamlOf } from './yaml-walk.ts'

/** A server as requests name it. */
export interface ObservedHost {
  readonly scheme: 'http' | 'https'
  /** Host, with its port where that is not the scheme's own. */
  readonly authority: string
}

/** A workspace file with a route for a host. */
export interface HostRoute {
  text: string
  /** Name of the API and of its upstream. */
  name: string
  /** Line of the API, 1-based: there its policies go. */
  line: number
}

interface Edit {
  offset: number
  length: number
  text: string
}

/**
 * Adds an upstream and an API with a route for a host to the text of a `gatehouse.yaml`. No other character is touched.
 * Throws an RpcError where the file is no workspace.
 */
export function withHostRoute(written: string, observed: ObservedHost): HostRoute {
  const eol = written.includes('\r\n') ? '\r\n' : '\n'
  const text = written === '' || written.endsWith('\n') ? written : written + eol
  const { contents: root, errors } = yamlOf(text)
  if (errors.length > 0 || (root !== null && !isMap(root))) {
    throw refused('gatehouse.yaml cannot be read as YAML', 'mend it first')
  }
  if (root && (root as YAMLMap).flow) throw refused('gatehouse.yaml is written on one line', 'write it in lines')
  const { scheme } = observed
  const authority = withoutDefaultPort(observed.authority, scheme)
  const name = freeName(root as YamlNode, slugOf(authority))
  const lines = [`name: ${name}`, `host: ${quoted(routedHost(authority))}`, `upstream: ${name}`, 'policies: []']
  const api = intoList(text, root as YamlNode, lines)
  const upstream = intoMap(text, root as YamlNode, name, `${scheme}://${authority}`, api.offset)
  const edits = [api, upstream].map((edit) => ({ ...edit, text: edit.text.replaceAll('\n', eol) }))
  const whole = applied(text, edits)
  const at = whole.search(new RegExp(`name: ${name}\\b`))
  return { text: whole, name, line: whole.slice(0, Math.max(at, 0)).split('\n').length }
}

/** A local server is one of many on its host: its route names the port. Others are known by their host. */
function routedHost(authority: string): string {
  const host = hostOf(authority)
  const local = host === 'localhost' || host.startsWith('127.') || host === '::1'
  if (local) return authority
  return authority.startsWith('[') ? authority.slice(0, authority.indexOf(']') + 1) : host
}

function slugOf(authority: string): string {
  const slug = authority.replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '')
  return slug.slice(0, 50) || 'host'
}

function freeName(root: YamlNode, wanted: string): string {
  const upstreams = pairsOf(valueOf(root, 'upstreams')).map(keyOf)
  const apis = itemsOf(valueOf(root, 'apis')).map((item) => textOf(valueOf(item, 'name')))
  const taken = new Set([...upstreams, ...apis])
  for (let count = 1; ; count++) {
    const name = count === 1 ? wanted : `${wanted}-${count}`
    if (!taken.has(name)) return name
  }
}

/** The upstream, at the end of those that are there; without any, before the APIs. */
function intoMap(text: string, root: YamlNode, name: string, url: string, apisAt: number): Edit {
  const entry = `${name}: ${url}`
  const map = valueOf(root, 'upstreams')
  const pair = pairOf(root, 'upstreams')
  if (isMap(map) && (map as YAMLMap).items.length > 0) {
    const { items, flow } = map as YAMLMap
    const last = (items.at(-1)!.value ?? items.at(-1)!.key) as Node
    if (flow) return { offset: last.range![1], length: 0, text: `, ${entry}` }
    const first = (items[0]!.key as Node).range![0]
    const indent = ' '.repeat(first - lineStartOf(text, first))
    return afterLine(text, lastOf(text, last.range![1]), `${indent}${entry}`)
  }
  if (pair) {
    const key = (pair.key as Node).range!
    const end = map ? map.range![1] : key[1] + 1
    // `upstreams:` or `upstreams: {}`: nothing is in it.
    return { offset: key[1] + 1, length: Math.max(0, end - key[1] - 1), text: ` { ${entry} }` }
  }
  const apis = pairOf(root, 'apis')
  const at = apis ? lineStartOf(text, (apis.key as Node).range![0]) : apisAt
  return { offset: at, length: 0, text: `upstreams:\n  ${entry}\n` }
}

/** The API, at the end of those that are there. */
function intoList(text: string, root: YamlNode, lines: readonly string[]): Edit {
  const list = valueOf(root, 'apis')
  const pair = pairOf(root, 'apis')
  const item = (indent: string) => lines.map((line, at) => `${indent}${at === 0 ? '- ' : '  '}${line}`).join('\n')
  if (isSeq(list) && (list as YAMLSeq).items.length > 0) {
    const items = itemsOf(list as never)
    if ((list as YAMLSeq).flow) {
      return { offset: items.at(-1)!.range![1], length: 0, text: `, { ${lines.join(', ')} }` }
    }
    const start = list.range![0]
    const indent = ' '.repeat(start - lineStartOf(text, start))
    return afterLine(text, lastOf(text, items.at(-1)!.range![1]), item(indent))
  }
  if (pair) {
    const key = (pair.key as Node).range!
    const end = list ? list.range![1] : key[1] + 1
    return { offset: key[1] + 1, length: Math.max(0, end - key[1] - 1), text: `\n${item('  ')}` }
  }
  return { offset: text.length, length: 0, text: `apis:\n${item('  ')}\n` }
}

/** Later places first, so that the earlier ones stay where they are. Of two at one place, the one named last stands first. */
function applied(text: string, edits: readonly Edit[]): string {
  let whole = text
  const ordered = edits.map((edit, at) => ({ edit, at })).sort((a, b) => b.edit.offset - a.edit.offset || a.at - b.at)
  for (const { edit } of ordered)
    whole = whole.slice(0, edit.offset) + edit.text + whole.slice(edit.offset + edit.length)
  return whole
}

function quoted(host: string): string {
  return /[[:]/.test(host) ? JSON.stringify(host) : host
}

/** Whether a text may stand for a host: `example.com`, `https://example.com:8443`, `localhost:3000`. */
export function observedHostOf(text: string): ObservedHost | undefined {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`)
  if (!url || url.host === '' || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined
  const scheme = url.protocol === 'http:' ? 'http' : 'https'
  return { scheme, authority: withoutDefaultPort(url.host, scheme) }
}

/** Host and port of an observed host. */
export function placeOf({ scheme, authority }: ObservedHost): { host: string; port: number } {
  return { host: hostOf(authority), port: portOf(authority, scheme) }
}
