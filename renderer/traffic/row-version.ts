import { startTransition, useEffect, useState } from 'react'
import { useTraffic } from './traffic-store.ts'

/**
 * A number that changes with the rows, in pieces between frames: nobody's scrolling or typing waits for new rows. 0
 * while it is not `wanted`.
 */
export function useRowVersion(wanted = true): number {
  const [version, setVersion] = useState(0)
  useEffect(() => {
    if (!wanted) return undefined
    // They may have changed since they were drawn.
    setVersion(useTraffic.getState().version)
    return useTraffic.subscribe(({ version: now }, before) => {
      if (now !== before.version) startTransition(() => setVersion(now))
    })
  }, [wanted])
  return wanted ? version : 0
}
