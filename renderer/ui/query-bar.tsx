import { Search } from 'lucide-react'
import { type KeyboardEvent, type Ref, useEffect, useId, useImperativeHandle, useRef, useState } from 'react'
import type { Completion } from '../../gateway-core/protocol/types.ts'
import { queryTokens } from './query-tokens.ts'
import './query-bar.css'

export interface QueryBarHandle {
  focus(): void
}

interface QueryBarProps {
  /** Its name, for those who hear it; default: Query. */
  label?: string
  value: string
  placeholder: string
  /** Where it cannot be read, and why. */
  problem: { message: string; offset: number; suggestion?: string } | undefined
  complete: (text: string, at: number) => Promise<readonly Completion[]>
  onChange: (text: string) => void
  /** Enter: run it now. */
  onEnter: () => void
  /** Esc with nothing open. */
  onEscape: () => void
  ref?: Ref<QueryBarHandle>
}

const mostOffered = 12

/** A line of the query language: coloured, completed while one types, with a wave under what cannot be read. */
export function QueryBar(props: QueryBarProps) {
  const { label = 'Query', value, placeholder, problem, complete, onChange, onEnter, onEscape, ref } = props
  const input = useRef<HTMLInputElement>(null)
  const mirror = useRef<HTMLDivElement>(null)
  const [offers, setOffers] = useState<readonly Completion[]>([])
  const [active, setActive] = useState(-1)
  const asked = useRef(0)
  const id = useId()
  useImperativeHandle(ref, () => ({
    focus() {
      input.current?.focus()
      input.current?.select()
    },
  }))

  const offer = async (text: string, at: number) => {
    const run = ++asked.current
    const found = await complete(text, at).catch(() => [])
    if (run !== asked.current) return
    setOffers(found.slice(0, mostOffered))
    setActive(-1)
  }
  const close = () => {
    asked.current++
    setOffers([])
    setActive(-1)
  }
  const accept = ({ text, from, to, kind }: Completion) => {
    const next = `${value.slice(0, from)}${text}${value.slice(to)}`
    onChange(next)
    const cursor = from + text.length
    // After React has put the new text in.
    requestAnimationFrame(() => {
      input.current?.setSelectionRange(cursor, cursor)
      if (kind === 'value') close()
      else void offer(next, cursor)
    })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const open = offers.length > 0
    const done = () => {
      event.preventDefault()
      event.stopPropagation()
    }
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      done()
      if (!open) void offer(value, input.current?.selectionStart ?? value.length)
      else {
        const step = event.key === 'ArrowDown' ? 1 : -1
        setActive((now) =>
          now === -1 && step === -1 ? offers.length - 1 : (now + step + offers.length) % offers.length,
        )
      }
    } else if (event.key === 'Tab' && open && !event.shiftKey && value !== '') {
      done()
      accept(offers[Math.max(0, active)]!)
    } else if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
      done()
      if (open && active >= 0) accept(offers[active]!)
      else {
        close()
        onEnter()
      }
    } else if (event.key === 'Escape') {
      done()
      if (open) close()
      else onEscape()
    }
  }
  const follow = () => {
    if (mirror.current && input.current) mirror.current.scrollLeft = input.current.scrollLeft
  }
  useEffect(follow)

  return (
    <div className="query">
      <Search className="query-icon" size={13} aria-hidden="true" />
      <div className="query-line">
        <div className="query-mirror" ref={mirror} aria-hidden="true">
          <Coloured text={value} wrongAt={problem?.offset} />
        </div>
        <input
          ref={input}
          className="query-input"
          role="combobox"
          aria-label={label}
          aria-expanded={offers.length > 0}
          aria-controls={`${id}-list`}
          aria-autocomplete="list"
          aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
          aria-invalid={problem !== undefined}
          aria-describedby={problem ? `${id}-problem` : undefined}
          spellCheck={false}
          autoComplete="off"
          placeholder={placeholder}
          value={value}
          onChange={(event) => {
            onChange(event.target.value)
            void offer(event.target.value, event.target.selectionStart ?? event.target.value.length)
          }}
          onKeyDown={onKeyDown}
          onScroll={follow}
          onBlur={close}
        />
      </div>
      {problem && (
        <div className="query-problem" id={`${id}-problem`} role="status">
          <span className="tone-deny">{problem.message}</span>
          {problem.suggestion && <span className="dim"> — {problem.suggestion}</span>}
        </div>
      )}
      <ul
        className="query-offers"
        id={`${id}-list`}
        role="listbox"
        aria-label="Completions"
        hidden={offers.length === 0}
      >
        {offers.map((one, at) => (
          <li
            key={`${one.kind} ${one.text}`}
            id={`${id}-${at}`}
            role="option"
            aria-selected={at === active}
            onMouseDown={(event) => {
              event.preventDefault()
              accept(one)
            }}
          >
            <span className={one.kind === 'field' ? 'query-field' : undefined}>{one.text}</span>
            {one.help && <span className="query-help">{one.help}</span>}
          </li>
        ))}
      </ul>
    </div>
  )
}

function Coloured({ text, wrongAt }: { text: string; wrongAt: number | undefined }) {
  let at = 0
  const pieces = queryTokens(text).map(({ text: piece, kind }) => {
    const start = at
    at += piece.length
    const wrong = wrongAt !== undefined && wrongAt >= start && wrongAt < at && kind !== 'space'
    return (
      <span key={start} className={`query-${kind}${wrong ? ' query-wrong' : ''}`}>
        {piece}
      </span>
    )
  })
  return (
    <>
      {pieces}
      {wrongAt !== undefined && wrongAt >= text.length && <span className="query-wrong">{'\u00a0'}</span>}
    </>
  )
}
