import { useRef } from 'react'
import { Segments } from '../ui/tabs.tsx'
import { PairRows } from './pair-rows.tsx'
import { headersOfRows, numberOr, recordOf, rowsOfHeaders, textOf, withKey, without } from './rule-fields.ts'
import { JsonArea, Line, Lines, TextArea, TextInput } from './rule-inputs.tsx'

const bodies = [
  { id: 'json', title: 'JSON' },
  { id: 'body', title: 'Text' },
  { id: 'file', title: 'File' },
  { id: 'none', title: 'None' },
] as const
type Body = (typeof bodies)[number]['id']

/** An answer in the place of the upstream. */
export function MockFields({ value, onChange }: { value: unknown; onChange: (value: unknown) => void }) {
  const mock = recordOf(value)
  const set = (key: string, next: unknown) => onChange(withKey(mock, key, next))
  const kind = bodies.find(({ id }) => mock[id] !== undefined)?.id ?? 'none'
  const before = useRef<Record<string, unknown>>({})
  const change = (next: Body) => {
    before.current = { ...before.current, ...mock }
    const rest = without(
      mock,
      bodies.map(({ id }) => id),
    )
    const beginning = { json: {}, body: '', file: 'mocks/answer.json', none: undefined }[next]
    onChange(next === 'none' ? rest : { ...rest, [next]: before.current[next] ?? beginning })
  }
  return (
    <>
      <Line title="Status">
        {(id) => (
          <TextInput
            id={id}
            short
            value={textOf(mock['status'])}
            placeholder="200"
            onChange={(text) => set('status', numberOr(text))}
          />
        )}
      </Line>
      <Lines title="Headers">
        <PairRows
          label="headers of the answer"
          names={['Name', 'Value']}
          value={mock['headers']}
          read={rowsOfHeaders}
          write={headersOfRows}
          onChange={(headers) => set('headers', headers)}
        />
      </Lines>
      <Lines title="Body">
        <Segments label="Kind of body" value={kind} onChange={change} options={bodies} />
        {kind === 'json' && (
          <JsonArea label="Body as JSON" value={mock['json']} onChange={(json) => set('json', json)} />
        )}
        {kind === 'body' && (
          <TextArea label="Body as text" value={textOf(mock['body'])} onChange={(text) => set('body', text)} />
        )}
        {kind === 'file' && (
          <TextInput
            label="File of the workspace"
            value={textOf(mock['file'])}
            placeholder="mocks/answer.json"
            onChange={(text) => set('file', text)}
          />
        )}
      </Lines>
    </>
  )
}
