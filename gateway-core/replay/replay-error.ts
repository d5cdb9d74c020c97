/** Something that cannot be sent, read or run, for people: what is wrong, where, and what to do. */
export class ReplayError extends Error {
  override name = 'ReplayError'
  readonly todo: string | undefined
  readonly where: string | undefined

  constructor(message: string, todo?: string, where?: string) {
    super(message)
    this.todo = todo
    this.where = where
  }
}
