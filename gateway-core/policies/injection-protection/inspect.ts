import { visitJson } from './bodies.ts'
import { viewsOf, type View } from './decode.ts'
import { detectCode } from './detect/code.ts'
import { detectCrlf } from './detect/lines.ts'
import { detectLdap } from './detect/directory.ts'
import { detectXss } from './detect/html.ts'
import { detectLog4shell } from './detect/lookups.ts'
import { detectNosql } from './detect/nosql.ts'
import { detectPath } from './detect/path.ts'
import { detectRedirect } from './detect/address.ts'
import { detectCommand } from './detect/shell.ts'
import { detectSql } from './detect/sql.ts'
import { detectTemplate } from './detect/template.ts'
import { detectXxe } from './detect/xml.ts'
import type { Context, Detector, Finding, InjectionClass } from './finding.ts'
import { isHarmless, traitsOf } from './traits.ts'

const detectors: Readonly<Record<InjectionClass, Detector>> = {
  sql: detectSql,
  nosql: detectNosql,
  xss: detectXss,
  command: detectCommand,
  code: detectCode,
  ldap: detectLdap,
  template: detectTemplate,
  path: detectPath,
  crlf: detectCrlf,
  log4shell: detectLog4shell,
  xxe: detectXxe,
  redirect: detectRedirect,
}

/** What was found in a value, and in which reading of it. */
export interface Hit {
  finding: Finding
  view: View
}

/** The score that a finding of a class needs to count. */
export type Threshold = (kind: InjectionClass) => number

/** Texts are read in pieces of this many characters, so that no rule ever sees more; pieces overlap. */
const pieceLength = 2_048
const overlap = 256

/** JSON inside of a text inside of JSON is opened this often. */
const mostNested = 3

export type Inspect = (value: string, context: Context, threshold: Threshold) => Hit | undefined

/** Makes the inspection for the classes that a configuration names. It gives the strongest finding that counts. */
export function inspectionOf(classes: readonly InjectionClass[]): Inspect {
  const chosen = classes.map((kind) => [kind, detectors[kind]] as const)
  const piece = (value: string, context: Context, threshold: Threshold, nested: number): Hit | undefined => {
    const traits = traitsOf(value)
    const views = viewsOf(value, traits)
    let best: Hit | undefined
    for (const view of views) {
      if (isHarmless(view.text, view.traits)) continue
      for (const [kind, detect] of chosen) {
        const finding = detect(view.text, view.traits, context)
        if (finding && finding.score >= threshold(kind) && finding.score > (best?.finding.score ?? 0))
          best = { finding, view }
      }
      if (best && best.finding.score >= 8) return best
    }
    for (const view of best ? [] : views) {
      const hit = mayBeJson(view.text) ? insideJson(view, context, threshold, nested) : undefined
      if (hit) return hit
    }
    return best
  }
  const inspect = (value: string, context: Context, threshold: Threshold, nested: number): Hit | undefined => {
    if (value.length < 3) return undefined
    if (value.length <= pieceLength) return piece(value, context, threshold, nested)
    for (let from = 0; from < value.length; from = nextPiece(value, from)) {
      const hit = piece(value.slice(from, from + pieceLength), context, threshold, mostNested)
      if (hit) return hit
    }
    return mayBeJson(value) ? insideJson({ text: value, traits: 0, by: [] }, context, threshold, nested) : undefined
  }
  /** Names and texts of a JSON document that is itself a text: each is a value of its own to whoever reads the document. */
  const insideJson = (view: View, context: Context, threshold: Threshold, nested: number): Hit | undefined => {
    if (nested >= mostNested) return undefined
    let root: unknown
    try {
      root = JSON.parse(view.text)
    } catch {
      return undefined
    }
    let found: Hit | undefined
    visitJson(root, undefined, (text, _pointer, { name }) => {
      if (found) return
      const hit = inspect(text, { place: context.place, name }, threshold, nested + 1)
      if (hit) found = { finding: hit.finding, view: { ...hit.view, by: [...view.by, 'json', ...hit.view.by] } }
    })
    return found
  }
  return (value, context, threshold) => inspect(value, context, threshold, 0)
}

/** Where the next piece begins: where a tag does, if one does in reach, so that no piece begins inside of one. */
function nextPiece(value: string, from: number): number {
  const next = from + pieceLength - overlap
  if (next >= value.length) return next
  const tag = value.lastIndexOf('<', next)
  return next - tag < overlap && tag > from ? tag : next
}

function mayBeJson(text: string): boolean {
  const first = text.trimStart()[0]
  return (first === '{' || first === '[') && /[}\]]\s*$/.test(text.slice(-16)) && text.includes('"')
}
