/** Why a question cannot be answered, for people; `where` is `file:line:column`. */
export class WhatIfError extends Error {
  readonly suggestion: string | undefined
  readonly where: string | undefined
  constructor(message: string, suggestion?: string, where?: string) {
    super(message)
    this.name = 'WhatIfError'
    this.suggestion = suggestion
    this.where = where
  }
}
