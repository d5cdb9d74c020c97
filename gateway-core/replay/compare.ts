import { decodeContent, isPlainCoding } from '../capture/content.ts'
import { diffIndices } from 'node-diff3'
import type { BodyComparison, Comparison, ReplayAnswer } from '../protocol/replay.ts'
import { compareJson } from './compare-json.ts'
import { utf8Of } from './wire-text.ts'

/** One side of a comparison: an answer, and its body as it is kept. */
export interface Side {
  answer: ReplayAnswer
  body: Uint8Array
}

export interface Ignore {
  /** Pointer patterns of JSON bodies: `/items/*` with `*` for one step and `**` for any number. */
  ignore: readonly string[]
  /** Names of header fields, in any case. */
  ignoreHeaders: readonly string[]
}

/** Fields that differ each time and say nothing about the difference of two answers. */
const fleeting = new Set(['date', 'age', 'keep-alive', 'connection', 'x-request-id', 'content-length', 'via'])
const none = new Uint8Array()
const mostChanges = 200
const mostLines = 20_000

/** How two answers differ, apart from what is ignored. */
export function compareAnswers(left: Side, right: Side, { ignore, ignoreHeaders }: Ignore): Comparison {
  const ignoredFields = new Set([...fleeting, ...ignoreHeaders.map((name) => name.trim().toLowerCase())])
  const [headers, skipped] = compareHeaders(left.answer, right.answer, ignoredFields)
  const { ignored, ...body } = compareBodies(left, right, ignore)
  const [was, is] = [left.answer.response?.status ?? 0, right.answer.response?.status ?? 0]
  const [before, after] = [decisionOf(left.answer), decisionOf(right.answer)]
  const decided = before !== undefined && after !== undefined && before !== after
  return {
    same: was === is && headers.length === 0 && body.kind === 'same' && !decided,
    ...(was !== is && { status: [was, is] as [number, number] }),
    headers,
    body,
    ...(decided && { decided: [before, after] as [string, string] }),
    micros: [left.answer.timings.total, right.answer.timings.total],
    ignored: ignored + skipped,
  }
}

function decisionOf({ decided }: ReplayAnswer): string | undefined {
  return decided && [decided.verdict, decided.policy, decided.code].filter((part) => part !== undefined).join(' ')
}

function compareHeaders(
  left: ReplayAnswer,
  right: ReplayAnswer,
  ignored: ReadonlySet<string>,
): [Comparison['headers'], number] {
  const [a, b] = [valuesOf(left), valuesOf(right)]
  const changes: Comparison['headers'] = []
  let skipped = 0
  for (const name of new Set([...a.keys(), ...b.keys()])) {
    const [was, is] = [a.get(name)?.join(', ') ?? null, b.get(name)?.join(', ') ?? null]
    if (
      was === is ||
      withoutId(was ?? undefined, { answer: left, body: none }) ===
        withoutId(is ?? undefined, { answer: right, body: none })
    )
      continue
    if (ignored.has(name)) skipped++
    else changes.push({ name, left: was, right: is })
  }
  return [changes, skipped]
}

function valuesOf({ response }: ReplayAnswer): Map<string, string[]> {
  const values = new Map<string, string[]>()
  for (const [name, value] of response?.headers ?? []) {
    const lower = name.toLowerCase()
    values.set(lower, [...(values.get(lower) ?? []), value])
  }
  return values
}

function compareBodies(left: Side, right: Side, ignore: readonly string[]): BodyComparison & { ignored: number } {
  const [a, b] = [contentOf(left), contentOf(right)]
  if (Buffer.compare(a, b) === 0) return { kind: 'same', ignored: 0 }
  const [was, is] = [withoutId(utf8Of(a), left), withoutId(utf8Of(b), right)]
  if (was === undefined || is === undefined) {
    const at = a.findIndex((byte, index) => byte !== b[index])
    return { kind: 'bytes', at: at === -1 ? a.byteLength : at, lengths: [a.byteLength, b.byteLength], ignored: 0 }
  }
  if (was === is) return { kind: 'same', ignored: 1 }
  const [json, otherJson] = [jsonOf(was), jsonOf(is)]
  if (json && otherJson) {
    const { changes, more, ignored } = compareJson(json.value, otherJson.value, ignore)
    return changes.length === 0 ? { kind: 'same', ignored } : { kind: 'json', changes, more, ignored }
  }
  return { ...compareLines(was, is), ignored: 0 }
}

/** A denial of the gateway names its exchange: that alone makes no difference. */
function withoutId(text: string | undefined, { answer }: Side): string | undefined {
  return answer.exchange === undefined ? text : text?.replaceAll(answer.exchange, 'this-exchange')
}

function contentOf({ answer, body }: Side): Uint8Array {
  const coding = answer.response?.body.coding ?? undefined
  return isPlainCoding(coding) ? body : (decodeContent(body, coding!) ?? body)
}

function jsonOf(text: string): { value: unknown } | undefined {
  if (!/^\s*[[{"\d\-tfn]/.test(text)) return undefined
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

function compareLines(left: string, right: string): BodyComparison {
  const [a, b] = [left.split('\n').slice(0, mostLines), right.split('\n').slice(0, mostLines)]
  const all = diffIndices(a, b).map(({ buffer1, buffer2, buffer1Content, buffer2Content }) => ({
    line: [buffer1[0] + 1, buffer2[0] + 1] as [number, number],
    left: shownLines(buffer1Content),
    right: shownLines(buffer2Content),
  }))
  return { kind: 'text', changes: all.slice(0, mostChanges), more: Math.max(0, all.length - mostChanges) }
}

function shownLines(lines: readonly string[]): string[] {
  return lines.slice(0, 50).map((line) => line.slice(0, 2000))
}
