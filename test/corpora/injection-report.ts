/** Prints what `injection-protection` finds and wrongly finds in the corpora: `node test/corpora/injection-report.ts [missed|false]`. */
import { argv } from 'node:process'
import { corpus } from './corpora.ts'
import {
  asHeader,
  asJson,
  asPath,
  asQuery,
  crsRecall,
  falsePositives,
  payloadRecall,
  type Recall,
} from './injection.ts'

/** ModSecurity 3.0.9 with the Core Rule Set 3.3.4 on the whole payload set, paranoia 1 and 2. */
const references: Readonly<Record<string, string>> = {
  sqli: '82.7 / 96.3',
  xss: '81.5 / 83.9',
  cmdi: '79.0 / 84.1',
  traversal: '75.8 / 79.7',
  nosql: '34.6 / 76.9',
  ldap: '8 / 18',
  ssti: '71.0 / 95.3',
  crlf: '70.6 / 76.5',
  'open-redirect': '27.9 / 51.5',
  xxe: '94 / 96',
}
const percent = ({ found, of }: Recall): string => `${((100 * found) / of).toFixed(1).padStart(5)} %`

const payloads = corpus('payloads-all-the-things')
if (payloads) {
  const ways = [asQuery, asJson, asPath, asHeader].map((ask) => payloadRecall(payloads, ask))
  const halves = ([0, 1] as const).map((half) => payloadRecall(payloads, asQuery, half))
  console.log('class           cases   query    json    path  header   half A  half B   reference PL1 / PL2')
  for (const [name, recall] of ways[0]!) {
    const cells = [
      ...ways.map((way) => percent(way.get(name)!)),
      ...halves.map((half) => (half.get(name) ? percent(half.get(name)!) : '      –')),
    ]
    console.log(`${name.padEnd(15)} ${String(recall.of).padStart(5)} ${cells.join(' ')}   ${references[name] ?? '–'}`)
    if (argv.includes('missed') && (argv[3] === undefined || argv[3] === name))
      for (const one of recall.missed) console.log(`      ${JSON.stringify(one).slice(0, 220)}`)
  }
}
const crs = corpus('crs')
if (crs) {
  for (const paranoia of [1, 2]) {
    const whole = crsRecall(crs, paranoia)
    const total = [...whole.values()].reduce(
      (sum, one) => ({ found: sum.found + one.found, of: sum.of + one.of, missed: [] }),
      { found: 0, of: 0, missed: [] } as Recall,
    )
    console.log(
      `crs PL${paranoia}: ${percent(total)} of ${total.of};  ${[...whole].map(([group, recall]) => `${group} ${recall.found}/${recall.of}`).join(', ')}`,
    )
    if (argv.includes('missed-crs') && paranoia === 1)
      for (const [group, { missed }] of whole)
        for (const one of missed)
          console.log(
            `      ${group} ${one.replaceAll(/"(?:User-Agent|Accept|Host|Accept-\w+)":"[^"]*",?/g, '').slice(0, 300)}`,
          )
  }
}
const benign = corpus('benign-openapi-values')
if (benign) {
  for (const sensitivity of ['low', 'medium', 'high'] as const) {
    const { of, denied } = falsePositives(benign, sensitivity)
    console.log(
      `false positives, ${sensitivity}: ${denied.length} of ${of} (${((100 * denied.length) / of).toFixed(2)} %)`,
    )
    if (argv.includes('false') && sensitivity === 'medium')
      for (const { value, in: place, evidence } of denied)
        console.log(
          `      ${place} ${JSON.stringify(evidence.detail)} ${JSON.stringify(value).slice(0, 200)} | ${String(evidence.observed).slice(0, 60)}`,
        )
  }
}
