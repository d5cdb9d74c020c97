/** Why something cannot be done: shown to the person without a stack. */
export class CannotRun extends Error {
  readonly suggestion: string | undefined
  constructor(message: string, suggestion?: string) {
    super(message)
    this.name = 'CannotRun'
    this.suggestion = suggestion
  }
}
