import { useState } from 'react'
import { Segments } from '../ui/tabs.tsx'
import { PairRows } from './pair-rows.tsx'
import { Replacements } from './replacements.tsx'
import {
  headersOfRows,
  jsonOfRows,
  namesIn,
  numberOr,
  recordOf,
  rowsOfHeaders,
  rowsOfJson,
  type RuleValue,
  textOf,
  withKey,
} from './rule-fields.ts'
import { Line, Lines, TextArea, TextInput } from './rule-inputs.tsx'

type Side = 'request' | 'response'

/** Changes of the request, of the response, or of both. */
export function RewriteFields({ value, onChange }: { value: unknown; onChange: (value: unknown) => void }) {
  const rewrite = recordOf(value)
  const [side, setSide] = useState<Side>(
    rewrite['request'] === undefined && rewrite['response'] !== undefined ? 'response' : 'request',
  )
  const count = (one: Side) => Object.keys(recordOf(rewrite[one])).length
  const title = (one: Side, word: string) => (count(one) === 0 ? word : `${word} · ${count(one)}`)
  return (
    <>
      <Lines title="Changes">
        <Segments
          label="Which message"
          value={side}
          onChange={setSide}
          options={[
            { id: 'request', title: title('request', 'Request'), tip: 'Before it is routed and judged' },
            {
              id: 'response',
              title: title('response', 'Response'),
              tip: 'After the upstream answered, before it is judged',
            },
          ]}
        />
      </Lines>
      <Side
        key={side}
        side={side}
        changes={recordOf(rewrite[side])}
        onChange={(next) => onChange(withKey(rewrite, side, Object.keys(next).length === 0 ? undefined : next))}
      />
    </>
  )
}

function Side(props: { side: Side; changes: RuleValue; onChange: (changes: RuleValue) => void }) {
  const { side, changes, onChange } = props
  const set = (key: string, next: unknown) => onChange(withKey(changes, key, next))
  const removed = Array.isArray(changes['removeHeaders']) ? (changes['removeHeaders'] as unknown[]) : []
  const start = side === 'request' ? 'method' : 'status'
  return (
    <>
      <Line title={side === 'request' ? 'Method' : 'Status'}>
        {(id) => (
          <TextInput
            id={id}
            short
            value={textOf(changes[start])}
            placeholder="as it comes"
            onChange={(text) => set(start, side === 'request' ? text.trim() || undefined : numberOr(text))}
          />
        )}
      </Line>
      <Lines title="Sets headers">
        <PairRows
          label={`${side} headers that are set`}
          names={['Name', 'Value']}
          value={changes['setHeaders']}
          read={rowsOfHeaders}
          write={headersOfRows}
          onChange={(headers) => set('setHeaders', headers)}
        />
      </Lines>
      <Line title="Removes headers">
        {(id) => (
          <TextInput
            id={id}
            value={removed.map(textOf).join(', ')}
            placeholder="X-Old, X-Frame-Options"
            onChange={(text) => set('removeHeaders', namesIn(text))}
          />
        )}
      </Line>
      <Lines title="Replaces">
        <Replacements side={side} value={changes['replace']} onChange={(next) => set('replace', next)} />
      </Lines>
      <Lines title="Sets in JSON">
        <PairRows
          label={`values that are set in the ${side} body`}
          names={['/price', 'Value as JSON']}
          value={changes['setJson']}
          read={rowsOfJson}
          write={jsonOfRows}
          onChange={(values) => set('setJson', values)}
        />
      </Lines>
      <Lines title="Whole body">
        <TextArea
          label={`The whole ${side} body`}
          value={textOf(changes['body'])}
          placeholder="as it comes"
          onChange={(text) => set('body', text === '' ? undefined : text)}
        />
      </Lines>
    </>
  )
}
