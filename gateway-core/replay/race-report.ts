import type { WorkspaceKey } from '../config/workspace-key.ts'
import type { RaceGroup, RaceReport } from '../protocol/replay-reports.ts'
import type { Recorded } from './answer.ts'
import type { RaceResult } from './race.ts'
import { sealResponse } from './seal.ts'
import { utf8Of } from './wire-text.ts'

const sampleLength = 400

/** What came of a race: copies that were answered alike stand together, the most frequent answer first. */
export function reportRace(
  result: RaceResult,
  recorded: readonly (Recorded | undefined)[],
  links: boolean,
  address: string,
  secrets: readonly string[],
  key: WorkspaceKey,
): RaceReport {
  const groups = new Map<string, RaceGroup>()
  const problems: RaceReport['problems'] = []
  for (const [copy, { response, problem }] of result.copies.entries()) {
    if (!response) {
      problems.push({ copy, what: problem ?? 'no response' })
      continue
    }
    const { body } = sealResponse(response, secrets, key)
    const record = recorded[copy]
    const decided = record && [record.verdict, record.decidedBy, record.code].filter(Boolean).join(' ')
    // A denial names its exchange: that alone makes no other answer.
    const bytes = record
      ? Buffer.from(body).toString('latin1').replaceAll(record.id, '')
      : Buffer.from(body).toString('latin1')
    const name = JSON.stringify([response.status, bytes, decided])
    const group = groups.get(name)
    if (group) group.copies.push(copy)
    else {
      const text = utf8Of(body)
      const sample = text === undefined ? `${body.byteLength} bytes` : text.slice(0, sampleLength)
      groups.set(name, {
        status: response.status,
        copies: [copy],
        length: response.length,
        sample,
        ...(decided && { decided }),
        ...(record && links && { exchange: record.id }),
      })
    }
  }
  const heads = result.copies.flatMap(({ headAt }) => headAt ?? [])
  const starts = recorded.flatMap((record) => record?.startedAt ?? [])
  const spread = (times: readonly number[]) => (times.length < 2 ? 0 : Math.max(...times) - Math.min(...times))
  return {
    technique: result.technique,
    address,
    copies: result.copies.length,
    sentSpread: result.sentSpread,
    answeredSpread: spread(heads),
    ...(starts.length > 1 && { recordedSpread: Math.round(spread(starts) * 1000) }),
    groups: [...groups.values()].sort((a, b) => b.copies.length - a.copies.length),
    problems,
  }
}
