import type { ReactNode } from 'react'
import { Group, Panel, Separator, useDefaultLayout } from 'react-resizable-panels'
import './split-pane.css'

interface SplitPaneProps {
  /** Under this name the sizes are kept. */
  id: string
  first: ReactNode
  /** Without it the first one has all the room. */
  second: ReactNode | undefined
  /** Percent that the second one takes until somebody drags. */
  secondSize?: number
  direction?: 'horizontal' | 'vertical'
  /** Smallest sizes, in px. */
  minimum?: readonly [number, number]
}

/** Two panes with a line between them that is dragged with the mouse or moved by the arrows; sizes are kept. */
export function SplitPane(props: SplitPaneProps) {
  const { id, first, second, secondSize = 40, direction = 'horizontal', minimum = [240, 240] } = props
  // The first pane stays the same one while the second comes and goes: an editor keeps its place and its focus.
  const both = second !== undefined
  const panelIds = both ? ['first', 'second'] : ['first']
  const kept = useDefaultLayout({ id: `split:${id}`, panelIds, storage: localStorage })
  return (
    <Group className="split" orientation={direction} {...kept}>
      <Panel id="first" minSize={minimum[0]}>
        {first}
      </Panel>
      {both && <Separator className={`split-line split-${direction}`} aria-label="Resize the panes" />}
      {both && (
        <Panel id="second" minSize={minimum[1]} defaultSize={`${secondSize}%`}>
          {second}
        </Panel>
      )}
    </Group>
  )
}
