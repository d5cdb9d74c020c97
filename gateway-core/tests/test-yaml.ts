import { Document, isCollection, isMap, isSeq, type Node, parseDocument, visit } from 'yaml'
import { SourceFile } from '../config/source.ts'
import type { TestDraft } from './draft-of-record.ts'

/** Longest mapping or list that stands on one line. */
const longestLine = 88

/** A test as an item of `tests:`, as a person would write it: short parts on one line. Ends with a line break. */
export function testItem(name: string, draft: TestDraft, indent = '  ', eol = '\n'): string {
  const { given, request, response, sequence, expect } = draft
  const value = {
    name,
    ...(given && Object.keys(given).length > 0 && { given }),
    ...(request && { request: shortRequest(request) }),
    ...(response && { response }),
    ...(sequence && { sequence }),
    ...(expect && { expect }),
  }
  const document = new Document(value, { aliasDuplicateObjects: false })
  visit(document, {
    Collection(key, node, path) {
      // The parts of a test stand below each other, what is in them beside each other where it fits.
      if (path.length <= 1 || (isMap(node) && path.length === 3 && key === 'value')) return undefined
      return inFlow(node)
    },
  })
  visit(document, {
    Map(_key, node, path) {
      if (path.length === 3) inFlow(node)
    },
  })
  const text = document.toString({ lineWidth: 0, flowCollectionPadding: true })
  const lines = text.trimEnd().split('\n')
  return lines.map((line, at) => `${indent}${at === 0 ? '- ' : line === '' ? '' : '  '}${line}${eol}`).join('')
}

function inFlow(node: Node): undefined {
  if (!isCollection(node)) return undefined
  node.flow = JSON.stringify(node.toJSON()).length <= longestLine
  return undefined
}

function shortRequest(request: Readonly<Record<string, unknown>>): unknown {
  const { method, url, ...rest } = request
  const plain = /^[A-Z]+$/.test(String(method)) && /^\/[\x21-\x7e]*$/.test(String(url)) && !String(url).includes('${')
  if (Object.keys(rest).length === 0 && plain) return `${String(method)} ${String(url)}`
  const implied = rest['body'] === undefined && rest['json'] === undefined ? 'GET' : 'POST'
  return method === implied ? { url, ...rest } : request
}

/** A file of tests with one more at its end. */
export interface AppendedTest {
  readonly text: string
  /** 1-based line of the new test. */
  readonly line: number
}

/** Why a text cannot take another test. */
export class CannotAppend extends Error {
  override name = 'CannotAppend'
}

/**
 * The text with one more test at the end of `tests:`. No other character changes: comments, order and quoting stay. An
 * empty text becomes a file. Throws CannotAppend where the text is no file of tests.
 */
export function appendTest(text: string, name: string, draft: TestDraft, header: string): AppendedTest {
  const eol = text.includes('\r\n') ? '\r\n' : '\n'
  if (text.trim() === '') return at(`${header}tests:${eol}`, testItem(name, draft, '  ', eol), '')
  const document = parseDocument(text, { prettyErrors: false })
  const { contents } = document
  if (document.errors.length > 0 || !isMap(contents)) throw new CannotAppend('the file has errors')
  const pair = contents.items.find(({ key }) => (key as { value?: unknown } | null)?.value === 'tests')
  if (!pair) return at(withBreak(text, eol) + `tests:${eol}`, testItem(name, draft, '  ', eol), '')
  const list = pair.value as Node | null
  if (isSeq(list) && !list.flow && list.items.length > 0) {
    const first = (list.items[0] as Node).range![0]
    const dash = text.lastIndexOf('-', first - 1)
    const indent = text.slice(text.lastIndexOf('\n', dash) + 1, dash)
    const last = (list.items.at(-1) as Node).range![1]
    const end = endOfLine(text, last)
    const head = withBreak(text.slice(0, end), eol)
    // Tests that stand apart stay apart.
    const gap =
      list.items.length > 1 && /\n[ \t]*\r?\n/.test(text.slice(first, last)) ? eol : list.items.length > 1 ? '' : eol
    return at(head + gap, testItem(name, draft, indent, eol), text.slice(end))
  }
  if (list !== null && !(isSeq(list) && list.items.length === 0) && (list as { value?: unknown }).value !== null) {
    throw new CannotAppend('its tests stand on one line')
  }
  // `tests:` or `tests: []`: the list begins below it.
  const key = (pair.key as Node).range!
  const colon = text.indexOf(':', key[1]) + 1
  const after = isSeq(list) ? list.range![1] : colon
  const end = endOfLine(text, after)
  const rest = text.slice(after, end).trimEnd()
  const head = withBreak(text.slice(0, colon) + (rest === '' ? '' : ` ${rest.trimStart()}`), eol)
  return at(head, testItem(name, draft, '  ', eol), text.slice(end))
}

function at(head: string, item: string, tail: string): AppendedTest {
  const text = head + item + tail
  return { text, line: new SourceFile('', text).positionAt(head.length).line }
}

/** Where the line of an offset ends, its line break included. */
function endOfLine(text: string, offset: number): number {
  if (text[offset - 1] === '\n') return offset
  const end = text.indexOf('\n', offset)
  return end === -1 ? text.length : end + 1
}

function withBreak(text: string, eol: string): string {
  return text === '' || text.endsWith('\n') ? text : text + eol
}
