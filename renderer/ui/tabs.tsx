import { Tabs as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import './tabs.css'

export interface TabItem<T extends string> {
  id: T
  title: string
  /** A small count or mark behind the title. */
  note?: ReactNode
  /** Said while one points at it. */
  tip?: string
}

interface TabsProps<T extends string> {
  label: string
  tabs: readonly TabItem<T>[]
  value: T
  onChange: (tab: T) => void
  children: ReactNode
}

/** Views of one thing, one at a time; arrows move between them. `children` is the content of the one that is open. */
export function Tabs<T extends string>({ label, tabs, value, onChange, children }: TabsProps<T>) {
  return (
    <Radix.Root className="tabs" value={value} onValueChange={(next) => onChange(next as T)}>
      <Radix.List className="tabs-list" aria-label={label}>
        {tabs.map((tab) => (
          <Radix.Trigger key={tab.id} value={tab.id} className="tabs-tab" title={tab.tip}>
            {tab.title}
            {tab.note !== undefined && <span className="tabs-note">{tab.note}</span>}
          </Radix.Trigger>
        ))}
      </Radix.List>
      <Radix.Content key={value} value={value} className="tabs-content">
        {children}
      </Radix.Content>
    </Radix.Root>
  )
}

/** A few views in one line, smaller than tabs: `pretty` `raw` `hex`. */
export function Segments<T extends string>(props: {
  label: string
  options: readonly { id: T; title: string; disabled?: boolean; tip?: string }[]
  value: T
  onChange: (value: T) => void
}) {
  return (
    <div className="segments" role="radiogroup" aria-label={props.label}>
      {props.options.map(({ id, title, disabled, tip }) => (
        <button
          key={id}
          type="button"
          role="radio"
          aria-checked={id === props.value}
          disabled={disabled ?? false}
          title={tip}
          onClick={() => props.onChange(id)}
        >
          {title}
        </button>
      ))}
    </div>
  )
}
