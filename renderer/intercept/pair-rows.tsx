import { Plus, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { Button } from '../ui/button.tsx'
import type { Pair } from './rule-fields.ts'

interface PairRowsProps {
  /** What the rows are, for those who hear it: `request headers that are set`. */
  label: string
  /** Placeholders of both columns. */
  names: readonly [name: string, value: string]
  /** The mapping as it is written, and what turns it into rows and back. */
  value: unknown
  read: (value: unknown) => Pair[]
  write: (rows: readonly Pair[]) => unknown
  onChange: (value: unknown) => void
}

/** Names with values, one row each. A row without a name yet stays here until it has one. */
export function PairRows({ label, names, value: mapping, read, write, onChange }: PairRowsProps) {
  const [shown, setShown] = useState<readonly Pair[]>(() => read(mapping))
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    // Where the text says something else it decides. A row without a name, or with that of another, says nothing.
    const told = JSON.stringify(write(read(mapping)))
    setShown((now) => (JSON.stringify(write(now)) === told ? now : read(mapping)))
  }, [mapping, read, write])
  const put = (next: readonly Pair[]) => {
    setShown(next)
    onChange(write(next))
  }
  const focusRow = (at: number) => {
    requestAnimationFrame(() => box.current?.querySelectorAll<HTMLInputElement>('.pair-name')[at]?.focus())
  }
  return (
    <div className="pairs" role="group" aria-label={label} ref={box}>
      {shown.map(([name, value], at) => (
        <div className="pair" key={at}>
          <input
            className="rule-input pair-name"
            aria-label={`${names[0]} ${at + 1}`}
            value={name}
            placeholder={names[0]}
            spellCheck={false}
            autoComplete="off"
            onChange={({ target }) => put(shown.with(at, [target.value, value]))}
          />
          <input
            className="rule-input"
            aria-label={`${names[1]} ${at + 1}`}
            value={value}
            placeholder={names[1]}
            spellCheck={false}
            autoComplete="off"
            onChange={({ target }) => put(shown.with(at, [name, target.value]))}
          />
          <Button
            kind="quiet"
            label={`Remove ${name === '' ? `row ${at + 1}` : name}`}
            onClick={() => {
              put(shown.toSpliced(at, 1))
              focusRow(Math.max(0, at - 1))
            }}
          >
            <X aria-hidden="true" />
          </Button>
        </div>
      ))}
      <Button
        kind="quiet"
        className="pair-add"
        aria-label={`Add to ${label}`}
        onClick={() => {
          setShown([...shown, ['', '']])
          focusRow(shown.length)
        }}
      >
        <Plus aria-hidden="true" />
        Add
      </Button>
    </div>
  )
}
