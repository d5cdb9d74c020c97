import { useEffect, useState } from 'react'
import { create } from 'zustand'
import type { ExchangeDetail } from '../../gateway-core/protocol/types.ts'
import { core } from '../core/core.ts'
import { refusalOf } from '../shell/notices.ts'
import type { Refusal } from '../../gateway-core/protocol/types.ts'

export type Loaded = { detail: ExchangeDetail } | { refusal: Refusal } | undefined

const known = new Map<string, ExchangeDetail>()
const mostKnown = 30
/** Somebody who holds `j` passes many rows: only the one where they stop is asked for. */
const restMs = 40

/** The exchange with everything about it. What was shown before stays until the next one is here. */
export function useExchange(id: string | undefined, revision: string, version: number): Loaded {
  const [loaded, setLoaded] = useState<Loaded>()
  useEffect(() => {
    if (id === undefined) return setLoaded(undefined)
    let current = true
    const key = `${revision} ${id}`
    const detail = known.get(key)
    if (detail && detail.exchange.state === 'done') {
      setLoaded({ detail })
      return
    }
    const timer = setTimeout(() => {
      core.call('traffic.exchange', { id }).then(
        (found) => {
          remember(key, found)
          if (current) setLoaded({ detail: found })
        },
        (error: unknown) => current && setLoaded({ refusal: refusalOf(error) }),
      )
    }, restMs)
    return () => {
      current = false
      clearTimeout(timer)
    }
  }, [id, revision, version])
  return loaded
}

/** Somebody goes into an exchange that is not here yet: its pane takes the focus as soon as it is. */
export const useEntering = create<{ wanted: boolean }>(() => ({ wanted: false }))

/** Goes into the exchange, to the view that is shown. */
export function enterExchange(): void {
  const tab = document.querySelector<HTMLElement>('.exchange [role="tab"][aria-selected="true"]')
  tab?.focus()
  useEntering.setState({ wanted: tab === null })
}

function remember(key: string, detail: ExchangeDetail): void {
  known.set(key, detail)
  if (known.size > mostKnown) known.delete(known.keys().next().value!)
}

/** What was known of an exchange does not hold any more. */
export function forgetExchange(id: string): void {
  for (const key of known.keys()) if (key.endsWith(` ${id}`)) known.delete(key)
}

/** Text on the clipboard. */
export function copyText(text: string): Promise<void> {
  return navigator.clipboard.writeText(text)
}
