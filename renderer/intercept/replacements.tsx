import { Plus, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { Button } from '../ui/button.tsx'
import { recordOf, textOf } from './rule-fields.ts'

interface Replacement {
  in: string
  find: string
  /** It is looked for as an expression. */
  expression: boolean
  with: string
}

interface ReplacementsProps {
  side: 'request' | 'response'
  value: unknown
  onChange: (value: unknown) => void
}

/** Texts that are replaced, one row each, in this order. */
export function Replacements({ side, value, onChange }: ReplacementsProps) {
  const rows = (Array.isArray(value) ? value : []).map(read)
  const [shown, setShown] = useState(rows)
  const box = useRef<HTMLDivElement>(null)
  const told = JSON.stringify(rows)
  useEffect(() => {
    // The text was changed elsewhere: it decides. A row that looks for nothing yet stays here.
    const next = JSON.parse(told) as Replacement[]
    setShown((now) => (JSON.stringify(now.filter(complete)) === told ? now : next))
  }, [told])
  const put = (next: Replacement[]) => {
    setShown(next)
    const written = next.filter(complete).map(write)
    onChange(written.length === 0 ? undefined : written)
  }
  const change = (at: number, part: Partial<Replacement>) => put(shown.with(at, { ...shown[at]!, ...part }))
  const places = side === 'request' ? ['url', 'headers', 'body'] : ['headers', 'body']
  return (
    <div className="pairs" role="group" aria-label={`texts that are replaced in the ${side}`} ref={box}>
      {shown.map((row, at) => (
        <div className="pair pair-replacement" key={at}>
          <select
            className="rule-input"
            aria-label={`Where ${at + 1}`}
            value={row.in}
            onChange={({ target }) => change(at, { in: target.value })}
          >
            {[...new Set([...places, row.in])].map((place) => (
              <option key={place} value={place}>
                {place === 'url' ? 'URL' : place}
              </option>
            ))}
          </select>
          <input
            className="rule-input pair-name"
            aria-label={`Look for ${at + 1}`}
            placeholder={row.expression ? 'id=(\\d+)' : 'text'}
            value={row.find}
            spellCheck={false}
            autoComplete="off"
            onChange={({ target }) => change(at, { find: target.value })}
          />
          <Button
            kind="quiet"
            aria-pressed={row.expression}
            tip="Look for an RE2 expression; $1 is its first group"
            aria-label={`Expression ${at + 1}`}
            onClick={() => change(at, { expression: !row.expression })}
          >
            .*
          </Button>
          <input
            className="rule-input"
            aria-label={`Put there instead ${at + 1}`}
            placeholder="nothing"
            value={row.with}
            spellCheck={false}
            autoComplete="off"
            onChange={({ target }) => change(at, { with: target.value })}
          />
          <Button kind="quiet" label={`Remove replacement ${at + 1}`} onClick={() => put(shown.toSpliced(at, 1))}>
            <X aria-hidden="true" />
          </Button>
        </div>
      ))}
      <Button
        kind="quiet"
        className="pair-add"
        aria-label={`Add to texts that are replaced in the ${side}`}
        onClick={() => {
          setShown([...shown, { in: side === 'request' ? 'url' : 'body', find: '', expression: false, with: '' }])
          requestAnimationFrame(() => box.current?.querySelector<HTMLElement>('.pair:last-of-type .pair-name')?.focus())
        }}
      >
        <Plus aria-hidden="true" />
        Add
      </Button>
    </div>
  )
}

function read(value: unknown): Replacement {
  const { in: place, text, expression, with: other } = recordOf(value)
  return {
    in: textOf(place),
    find: textOf(expression ?? text),
    expression: expression !== undefined,
    with: textOf(other),
  }
}

function write({ in: place, find, expression, with: other }: Replacement) {
  return { in: place, ...(expression ? { expression: find } : { text: find }), with: other }
}

const complete = ({ find }: Replacement) => find !== ''
