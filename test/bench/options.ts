import { parseArgs } from 'node:util'

/** What can be measured: three scenarios side by side with other gateways, and three of Gatehouse alone. */
export const parts = ['s1', 's2', 's3', 'memory', 'filter', 'past'] as const
export type Part = (typeof parts)[number]

/** How a benchmark runs; see `usage`. */
export interface Options {
  only: readonly Part[]
  rounds: number
  seconds: number
  requests: number
  exchanges: number
  peersOnly: boolean
  json: boolean
}

export const usage = `npm run bench -- [options]
  --only s1,s2,s3,memory,filter,past   measure only these (default: s1,s2,s3)
  --rounds N      how often each system is measured, taking turns (default 8)
  --seconds N     length of one measurement (default 3)
  --requests N    requests of the memory run (default 1000000)
  --exchanges N   captured exchanges that the filter run searches and the past run judges again (default 100000)
  --peers         measure the other gateways only
  --json          print one JSON value instead of the table`

/** Reads the command line; a wrong one is an error whose message says what would be right. */
export function readOptions(args: readonly string[]): Options | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', default: 's1,s2,s3' },
      rounds: { type: 'string', default: '8' },
      seconds: { type: 'string', default: '3' },
      requests: { type: 'string', default: '1000000' },
      exchanges: { type: 'string', default: '100000' },
      peers: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return 'help'
  const only = values.only.split(',').map((name) => {
    const part = parts.find((known) => known === name.trim())
    if (part === undefined) throw new Error(`--only: "${name}" is not one of ${parts.join(', ')}`)
    return part
  })
  const number = (name: 'rounds' | 'seconds' | 'requests' | 'exchanges') => {
    const value = Number(values[name])
    if (!Number.isInteger(value) || value < 1)
      throw new Error(`--${name}: "${values[name]}" is not a whole number above 0`)
    return value
  }
  return {
    only,
    rounds: number('rounds'),
    seconds: number('seconds'),
    requests: number('requests'),
    exchanges: number('exchanges'),
    peersOnly: values.peers,
    json: values.json,
  }
}
