import { type ReactNode, useEffect, useId, useState } from 'react'
import { jsonProblem } from './body-text.ts'

/** One line of a form: what it is, and what it is set to. */
export function Line({ title, children }: { title: string; children: (id: string) => ReactNode }) {
  const id = useId()
  return (
    <div className="rule-line">
      <label htmlFor={id}>{title}</label>
      <div className="rule-set">{children(id)}</div>
    </div>
  )
}

/** The same for what has labels of its own. */
export function Lines({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="rule-line">
      <span className="rule-title" aria-hidden="true">
        {title}
      </span>
      <div className="rule-set">{children}</div>
    </div>
  )
}

interface TextInputProps {
  id?: string
  label?: string
  value: string
  placeholder?: string
  short?: boolean
  onChange: (text: string) => void
}

/** A line of text that is kept as it was typed while somebody types, whatever becomes of it in the rule. */
export function TextInput({ id, label, value, placeholder, short, onChange }: TextInputProps) {
  const [typed, setTyped] = useState<string>()
  return (
    <input
      id={id}
      className={short ? 'rule-input rule-short' : 'rule-input'}
      aria-label={label}
      value={typed ?? value}
      placeholder={placeholder}
      spellCheck={false}
      autoComplete="off"
      onBlur={() => setTyped(undefined)}
      onChange={({ target }) => {
        setTyped(target.value)
        onChange(target.value)
      }}
    />
  )
}

interface AreaProps {
  label: string
  value: string
  placeholder?: string
  onChange: (text: string) => void
}

export function TextArea({ label, value, placeholder, onChange }: AreaProps) {
  return (
    <textarea
      className="held-text"
      aria-label={label}
      rows={rowsOf(value)}
      value={value}
      placeholder={placeholder}
      spellCheck={false}
      autoComplete="off"
      onChange={({ target }) => onChange(target.value)}
    />
  )
}

/** JSON: while it is none, the rule keeps what it had, and here stands why. */
export function JsonArea({
  label,
  value,
  onChange,
}: {
  label: string
  value: unknown
  onChange: (value: unknown) => void
}) {
  const written = value === undefined ? '' : JSON.stringify(value, null, 2)
  const [text, setText] = useState(written)
  const [problem, setProblem] = useState<string>()
  useEffect(() => {
    setText((now) => (sameJson(now, written) ? now : written))
    setProblem(undefined)
  }, [written])
  return (
    <>
      <textarea
        className="held-text"
        aria-label={label}
        aria-invalid={problem !== undefined}
        rows={rowsOf(text)}
        value={text}
        spellCheck={false}
        autoComplete="off"
        onChange={({ target }) => {
          setText(target.value)
          const wrong = jsonProblem(target.value)
          setProblem(wrong)
          if (wrong === undefined) onChange(JSON.parse(target.value))
        }}
      />
      {problem !== undefined && (
        <p className="tone-would rule-hint" role="status">
          {problem}
        </p>
      )}
    </>
  )
}

function rowsOf(text: string): number {
  return Math.min(16, Math.max(3, text.split('\n').length))
}

function sameJson(a: string, b: string): boolean {
  try {
    return JSON.stringify(JSON.parse(a)) === JSON.stringify(JSON.parse(b))
  } catch {
    return false
  }
}
