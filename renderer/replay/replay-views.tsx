import type { ComponentType } from 'react'
import { TokenLab } from '../tokens/token-lab.tsx'
import { RecordedView } from './recorded-view.tsx'
import { RequestsView } from './requests-view.tsx'
import { SequencesView } from './sequences-view.tsx'
import type { ReplayView } from './replay-store.ts'

/** The tabs of the Replay screen. */
export const replayViews: readonly { id: ReplayView; title: string; Component: ComponentType }[] = [
  { id: 'requests', title: 'Requests', Component: RequestsView },
  { id: 'sequences', title: 'Sequences', Component: SequencesView },
  { id: 'recorded', title: 'Recorded traffic', Component: RecordedView },
  { id: 'tokens', title: 'Token lab', Component: TokenLab },
]
