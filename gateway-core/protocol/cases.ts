import { callWith } from './declare.ts'
import { text } from './parameters.ts'

/** What is known of a case that is open. */
export interface CaseState {
  /** Id that `traffic.exchange` and `traffic.body` know it by while this workspace is open. */
  id: string
  workspace: string
  environment: string | null
  revision: string
  /** Version of the engine that recorded it; another one than this may judge otherwise. */
  engine: { recorded: string; here: string }
  /** Why it could not be judged again. */
  problem?: string
  /** The first step that comes out otherwise than recorded, or null when every step is the same. */
  difference: { policy: string; field: string; recorded: string; judged: string } | null
  /** Steps that stood as recorded, because what they read was sealed or is not known. */
  taken: number
}

/** One exchange in a file, to show somebody else. */
export const casesCalls = {
  /** A recorded exchange as a case: redacted, with all that judging it takes. Written where `file` says, else its text comes back. */
  'cases.export': callWith({ exchange: text, file: text }, ['file']).returns<{ name: string; text?: string }>(),
  /** Opens the text of a case, read-only. */
  'cases.open': callWith({ text }).returns<CaseState>(),
  'cases.state': callWith({ id: text }).returns<CaseState>(),
} as const
