/** How a verdict is shown: its tone (colour), its mark, and its word for screen readers and tables. */
export interface VerdictLook {
  tone: Tone
  mark: string
  word: string
}

export type Tone = 'pass' | 'deny' | 'modify' | 'would' | 'skip' | 'unknown'

const looks: Readonly<Record<string, VerdictLook>> = {
  pass: { tone: 'pass', mark: '●', word: 'pass' },
  modify: { tone: 'modify', mark: '◆', word: 'modified' },
  respond: { tone: 'modify', mark: '◆', word: 'answered' },
  deny: { tone: 'deny', mark: '✕', word: 'denied' },
  'would-deny': { tone: 'would', mark: '◐', word: 'would deny' },
  skipped: { tone: 'skip', mark: '–', word: 'skipped' },
  undecidable: { tone: 'unknown', mark: '?', word: 'undecidable' },
  error: { tone: 'deny', mark: '✕', word: 'error' },
  refused: { tone: 'deny', mark: '✕', word: 'refused' },
  failed: { tone: 'deny', mark: '✕', word: 'failed' },
  aborted: { tone: 'skip', mark: '–', word: 'client left' },
  'no-policy': { tone: 'skip', mark: '–', word: 'no policy' },
}

/** The look of a verdict of a step or of an exchange; one that is not known looks undecidable and keeps its own word. */
export function verdictLook(verdict: string): VerdictLook {
  return Object.hasOwn(looks, verdict) ? looks[verdict]! : { tone: 'unknown', mark: '?', word: verdict }
}
