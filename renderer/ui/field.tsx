import { type InputHTMLAttributes, type Ref, useId } from 'react'
import './field.css'

interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  label: string
  help?: string
  error?: string | undefined
  ref?: Ref<HTMLInputElement>
}

/** A line of input with its name above it, and below it what to write or what is wrong. */
export function Field({ label, help, error, ...rest }: FieldProps) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        spellCheck={false}
        autoComplete="off"
        aria-invalid={error !== undefined}
        aria-describedby={`${id}-help`}
        {...rest}
      />
      <div id={`${id}-help`} className={error === undefined ? 'field-help' : 'field-help tone-deny'}>
        {error ?? help}
      </div>
    </div>
  )
}
