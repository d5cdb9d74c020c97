import { useSyncExternalStore } from 'react'
import { useIntercept } from './intercept-store.ts'

const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined
let second = Math.floor(Date.now() / 1000)

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  // One clock for all rows, and none while nobody looks.
  timer ??= setInterval(() => {
    second = Math.floor(Date.now() / 1000)
    for (const one of listeners) one()
  }, 500)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** The time that a held message has left: `0:47`. */
export function Countdown({ until }: { until: number }) {
  useSyncExternalStore(subscribe, () => second)
  const ahead = useIntercept((intercept) => intercept.ahead)
  const left = Math.max(0, Math.ceil((until - ahead - Date.now()) / 1000))
  const text = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
  return (
    <span className={left <= 10 ? 'countdown tone-would' : 'countdown dim'} title="Then it goes on as it came">
      {text}
    </span>
  )
}
