/** Why something cannot be done: shown to the person without a stack. */
export class CannotRun extends Error {
  readonly suggestion: string | undefined
  constructor(message: string, suggestion?: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CannotRun'
    this.suggestion = suggestion
  }
}
