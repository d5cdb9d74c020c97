import { randomBytes } from 'node:crypto'
import zlib from 'node:zlib'
import { openMarkers, tagsIn } from '../capture/markers.ts'
import type { ReplayBody, ReplayRequest } from '../protocol/replay-request.ts'
import { bytesWithFiles } from './body-files.ts'
import { ReplayError } from './replay-error.ts'
import { fillVariables, type Variables } from './variables.ts'
import { wireOfText } from './wire-text.ts'

/** Where what a request refers to comes from. What is missing is undefined. */
export interface Sources {
  variables: Variables
  /** What was captured from responses: put in as it is. A server does not get a secret by answering with its name. */
  captured?: Variables
  /** Value of a sealed secret by its tag. */
  sealed(tag: string): string | undefined
  /** `${secret:name}`, `${env:NAME}`. */
  reference(kind: 'secret' | 'env', name: string): Promise<string | undefined>
  /** Bytes of a file of the workspace. Throws a ReplayError. */
  file(path: string): Promise<Buffer>
  /** Body of a recorded request as it was on the wire. Throws a ReplayError. */
  recorded(exchange: string): Promise<Buffer>
}

/** A request ready for the wire: header fields as Latin-1 characters, one for each byte. */
export interface WireRequest {
  method: string
  url: string
  version: '1.0' | '1.1' | '2'
  fields: [name: string, value: string][]
  body: Buffer | undefined
}

/** Puts in variables, references and sealed values. Throws a ReplayError that names what is missing. */
export async function resolveRequest(request: ReplayRequest, sources: Sources): Promise<WireRequest> {
  const fill = (text: string, where: string) => resolveText(text, where, request.settings.literal === true, sources)
  const fields: [string, string][] = []
  for (const { name, value, off } of request.headers) {
    if (off || (name === '' && value === '')) continue
    const filled = await fill(value, `the header ${name}`)
    const sent =
      request.settings.literal !== true && /^(?:proxy-)?authorization$/i.test(name) ? basicOf(filled) : filled
    fields.push([wireOfText(await fill(name, 'a header name')), wireOfText(sent)])
  }
  const body = await bodyOf(request.body, fill, sources)
  const url = wireOfText(await fill(request.url, 'the URL'))
  const wire = { method: await fill(request.method, 'the method'), url, version: request.version, fields, body }
  return request.settings.length === 'follow' ? withLength(wire) : wire
}

/** `Basic name password` and `Basic name:password`, as REST Client and JetBrains let one write it, are encoded when they are sent. */
function basicOf(value: string): string {
  const [, scheme, name, password] = /^(Basic)[ \t]+([^\s:]*)(?::|[ \t]+(?=\S))(.*)$/is.exec(value) ?? []
  return scheme === undefined ? value : `${scheme} ${Buffer.from(`${name}:${password}`).toString('base64')}`
}

async function resolveText(text: string, where: string, literal: boolean, sources: Sources): Promise<string> {
  let filled = text
  const held: string[] = []
  if (!literal) {
    const { variables, captured } = sources
    const name = randomBytes(9).toString('hex')
    const hold = (value: string) => `\u{E000}${name}:${held.push(value) - 1}\u{E001}`
    const withVariables = fillVariables(text, variables, where, captured && { values: captured, hold })
    filled = await fillReferences(withVariables, where, sources)
    if (held.length > 0) held.push(name)
  }
  const opened = openMarkers(filled, (tag) => sources.sealed(tag))
  const [gone] = opened.includes('⟦sealed:') ? tagsIn(opened) : []
  if (gone === undefined) return released(opened, held)
  const todo = 'type a fresh value in its place, or take it from a newer exchange'
  throw new ReplayError(`the secret in ${where} is not kept any more`, todo)
}

/** The text with the values that were held apart in their places; the last entry names what stands for them. */
function released(text: string, held: readonly string[]): string {
  const name = held.at(-1)
  if (name === undefined) return text
  return text.replaceAll(new RegExp(`\u{E000}${name}:(\\d+)\u{E001}`, 'gu'), (_, at) => held[Number(at)]!)
}

const reference = /\$\$\{|\$\{(secret|env):([^}]*)\}/g

async function fillReferences(text: string, where: string, sources: Sources): Promise<string> {
  if (!text.includes('${')) return text
  const values = new Map<string, string>()
  for (const [whole, kind, name] of text.matchAll(reference)) {
    if (kind === undefined || values.has(whole)) continue
    const value = await sources.reference(kind as 'secret' | 'env', name!.trim())
    if (value === undefined) {
      const todo = kind === 'env' ? `set it before starting: export ${name}=…` : `set it: gatehouse secret set ${name}`
      throw new ReplayError(`${where} uses ${whole}, which has no value`, todo)
    }
    values.set(whole, value)
  }
  return text.replaceAll(reference, (whole) => values.get(whole) ?? '${')
}

async function bodyOf(
  body: ReplayBody,
  fill: (text: string, where: string) => Promise<string>,
  sources: Sources,
): Promise<Buffer | undefined> {
  switch (body?.kind) {
    case undefined:
      return undefined
    case 'text': {
      const filled = (text: string) => fill(text, 'the body')
      const file = (path: string) => sources.file(path)
      const bytes = body.files
        ? await bytesWithFiles(body.text, filled, file)
        : Buffer.from(await filled(body.text), 'utf8')
      return body.coding === undefined ? bytes : encoded(bytes, body.coding)
    }
    case 'bytes':
      return Buffer.from(body.base64, 'base64')
    case 'file':
      return sources.file(await fill(body.path, 'the path of the body'))
    case 'recorded':
      return sources.recorded(body.exchange)
  }
}

function encoded(bytes: Buffer, coding: 'gzip' | 'br' | 'deflate'): Buffer {
  if (coding === 'gzip') return zlib.gzipSync(bytes)
  return coding === 'br' ? zlib.brotliCompressSync(bytes) : zlib.deflateSync(bytes)
}

/** Content-Length as the body has it, in its place; added at the end where a body has none (RFC 9110 §8.6). */
function withLength(wire: WireRequest): WireRequest {
  const { fields, body } = wire
  const named = (name: string) => fields.some(([field]) => field.toLowerCase() === name)
  if (named('transfer-encoding')) return wire.version === '2' ? wire : { ...wire, body: chunkedBody(fields, body) }
  const length = String(body?.byteLength ?? 0)
  if (named('content-length')) {
    const mended = fields.map(([name, value]): [string, string] => [
      name,
      name.toLowerCase() === 'content-length' ? length : value,
    ])
    return { ...wire, fields: mended }
  }
  return body === undefined ? wire : { ...wire, fields: [...fields, ['Content-Length', length]] }
}

/** A body that is announced as chunks, as one chunk; what is written as chunks already stays as it is (RFC 9112 §7.1). */
function chunkedBody(fields: WireRequest['fields'], body: Buffer | undefined): Buffer | undefined {
  const coding = fields.findLast(([name]) => name.toLowerCase() === 'transfer-encoding')![1]
  if (!body || body.length === 0 || !/(?:^|,)\s*chunked\s*$/i.test(coding) || isChunked(body)) return body
  return Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')])
}

function isChunked(body: Buffer): boolean {
  return /^[0-9a-f]{1,8}(?:;[^\r\n]*)?\r?\n/i.test(body.subarray(0, 200).toString('latin1'))
}
