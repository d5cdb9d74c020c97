import { Pencil } from 'lucide-react'
import { type FocusEvent, type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import type { ExchangeThere, MessageThere } from '../../gateway-core/protocol/what-if.ts'
import { visible } from '../../gateway-core/visible.ts'
import { dateText } from '../ui/format.ts'
import { isSealed, SealedText, sealedWords } from './sealed-text.tsx'
import {
  aboutPlace,
  callerOf,
  messageTitle,
  type MessageLine,
  messageLines,
  statusOf,
  targetOf,
  type ValueChange,
} from './step-changes.ts'
import { changeValue } from './step-store.ts'

interface PlaceProps {
  there: ExchangeThere
  before: ExchangeThere | undefined
  step: number
  /** Undefined at the end: nothing is left to be changed. */
  phase: string | undefined
}

/** The messages as they stand before a step. Every value can be changed; the steps after it are judged again. */
export function StepPlace({ there, before, step, phase }: PlaceProps) {
  const { client, caller, now } = aboutPlace(there)
  const inResponse = phase?.startsWith('response') ?? false
  const change = (of: ValueChange['of'], value: Omit<ValueChange, 'step' | 'of'>) => changeValue({ step, of, ...value })
  const { message } = there
  return (
    <>
      {message && (
        <section className="step-message" aria-label="Message">
          <h3>{messageTitle(message)}</h3>
          {message.body === undefined ? (
            <p className="faint">{message.kind === 'binary' ? 'binary' : 'not there to be shown'}</p>
          ) : (
            <Value
              text={`${message.body.length} characters`}
              shown={
                <pre>
                  <SealedText text={message.body.slice(0, 20_000)} lines />
                </pre>
              }
              label="Message"
              start={message.body}
              area
              onChange={(value) => change('message', { kind: 'body', value })}
            />
          )}
        </section>
      )}
      {there.response && (
        <Message
          title="Response"
          message={there.response}
          before={before?.response ?? there.response}
          onChange={inResponse ? (value) => change('response', value) : undefined}
        />
      )}
      <Message
        title="Request"
        message={there.request}
        before={before?.request}
        onChange={phase?.startsWith('request') ? (value) => change('request', value) : undefined}
      />
      <dl className="facts step-facts">
        <dt>Client</dt>
        <dd>{visible(client, 80)}</dd>
        <dt>Caller</dt>
        <dd>
          <Value
            text={visible(caller, 200)}
            label="Caller"
            start={there.consumer ? caller : ''}
            onChange={phase === undefined ? undefined : (text) => change('request', callerOf(text))}
          />
        </dd>
        <dt>Time</dt>
        <dd className="num">
          <Value
            text={dateText(now)}
            label="Time"
            start={new Date(now).toISOString()}
            onChange={
              phase === undefined
                ? undefined
                : (text) => {
                    const at = Date.parse(text)
                    if (!Number.isNaN(at)) change('request', { kind: 'now', value: at })
                  }
            }
          />
        </dd>
      </dl>
    </>
  )
}

interface MessageProps {
  title: 'Request' | 'Response'
  message: MessageThere
  before: MessageThere | undefined
  onChange: ((value: Omit<ValueChange, 'step' | 'of'>) => void) | undefined
}

function Message({ title, message, before, onChange }: MessageProps) {
  const { head, body } = message
  const [head0, ...headers] = messageLines(message, before)
  const { path, query } = targetOf(head)
  return (
    <section className="step-message" aria-label={title}>
      <h3>{title}</h3>
      {title === 'Request' ? (
        <>
          <p className="step-head code" data-since={head0?.since}>
            {visible(head.split(' ')[0] ?? '', 20)}{' '}
            <Value
              text={visible(path, 300)}
              label="Path"
              start={path}
              onChange={onChange && ((value) => onChange({ kind: 'path', value }))}
            />
            <Value
              text={query === '' ? (onChange ? 'add a query' : '') : `?${visible(sealedWords(query), 300)}`}
              shown={query === '' ? undefined : <SealedText text={`?${query}`} most={300} />}
              label="Query"
              start={query}
              quiet={query === ''}
              onChange={onChange && ((value) => onChange({ kind: 'query', value: value.replace(/^\?/, '') }))}
            />
          </p>
        </>
      ) : (
        <p className="step-head code" data-since={head0?.since}>
          <Value
            text={visible(head, 100)}
            label="Status"
            start={String(statusOf(head))}
            onChange={
              onChange && ((value) => /^\d{3}$/.test(value) && onChange({ kind: 'status', value: Number(value) }))
            }
          />
        </p>
      )}
      <ul className="step-headers">
        {headers.map((line, at) => (
          <Header key={`${at} ${line.name}`} line={line} onChange={onChange} />
        ))}
        {onChange && (
          <li>
            <NewHeader onChange={onChange} />
          </li>
        )}
      </ul>
      {body !== undefined && (
        <Value
          text={`${body.length} characters`}
          shown={
            <pre>
              <SealedText text={body.slice(0, 20_000)} lines />
            </pre>
          }
          label="Body"
          start={body}
          area
          onChange={onChange && ((value) => onChange({ kind: 'body', value }))}
        />
      )}
    </section>
  )
}

function Header({ line, onChange }: { line: MessageLine; onChange: MessageProps['onChange'] }) {
  const { name, value, since } = line
  const gone = since === 'gone'
  return (
    <li className="code" data-since={since}>
      <span className="step-name">{visible(name, 80)}:</span>{' '}
      <Value
        text={visible(sealedWords(value), 400)}
        shown={<SealedText text={value} most={400} />}
        label={name}
        start={isSealed(value) ? '' : value}
        onChange={
          onChange && !gone ? (text) => onChange({ kind: 'header', name, value: text === '' ? null : text }) : undefined
        }
      />
      {since === 'new' && <span className="only-read"> (new)</span>}
      {gone && <span className="only-read"> (removed)</span>}
    </li>
  )
}

function NewHeader({ onChange }: { onChange: NonNullable<MessageProps['onChange']> }) {
  return (
    <Value
      text="add a header"
      label="Header as name: value"
      start=""
      quiet
      onChange={(text) => {
        const [, name, value] = /^([^:\s]+):\s*(.*)$/.exec(text) ?? []
        if (name !== undefined) onChange({ kind: 'header', name, value: value ?? '' })
      }}
    />
  )
}

interface ValueProps {
  /** What stands there, in words. */
  text: string
  /** How it looks where that is more than its words. */
  shown?: ReactNode
  label: string
  /** What is edited. */
  start: string
  area?: boolean
  quiet?: boolean
  onChange: ((text: string) => unknown) | undefined
}

/** A value that becomes a field when one wants to change it. Enter takes it, and so does going on; Esc leaves it. */
function Value({ text, shown = text, label, start, area, quiet, onChange }: ValueProps) {
  const [typed, setTyped] = useState<string>()
  const button = useRef<HTMLButtonElement>(null)
  const back = useRef(false)
  useEffect(() => setTyped(undefined), [start])
  // Who is done with the field goes on from where it was.
  useEffect(() => {
    if (typed !== undefined || !back.current) return
    back.current = false
    button.current?.focus()
  }, [typed])
  if (!onChange) return <span>{shown}</span>
  if (typed === undefined) {
    return (
      <button
        ref={button}
        type="button"
        className={quiet ? 'step-value faint' : 'step-value'}
        aria-label={`Change ${label}: ${text}`}
        title={`Change ${label} and go on`}
        onClick={() => setTyped(start)}
      >
        {shown}
        <Pencil size={10} aria-hidden="true" />
      </button>
    )
  }
  const end = (take: boolean) => {
    setTyped(undefined)
    if (take && typed !== start) onChange(typed)
  }
  const keys = (event: KeyboardEvent) => {
    const enters = event.key === 'Enter' && (!area || event.ctrlKey || event.metaKey)
    // What goes beyond the field, like the palette, is for others.
    if (!enters && (event.ctrlKey || event.metaKey || event.altKey || /^F\d/.test(event.key))) return
    event.stopPropagation()
    if (!enters && event.key !== 'Escape') return
    event.preventDefault()
    back.current = true
    end(enters)
  }
  const common = {
    'aria-label': label,
    value: typed,
    className: 'step-field code',
    autoFocus: true,
    onKeyDown: keys,
    onFocus: (event: FocusEvent<HTMLInputElement | HTMLTextAreaElement>) => event.target.select(),
    // To another place of the page; a window that loses the focus is no decision.
    onBlur: (event: FocusEvent) => !back.current && event.relatedTarget !== null && end(true),
  }
  return area ? (
    <textarea {...common} rows={8} onChange={(event) => setTyped(event.target.value)} />
  ) : (
    <input {...common} size={Math.max(8, typed.length + 1)} onChange={(event) => setTyped(event.target.value)} />
  )
}
