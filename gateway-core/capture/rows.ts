import type { CaptureDatabase, Statement } from './schema.ts'

/** Numbers of rows that one statement inserts: with more of them nothing was gained. */
const sizes = [8, 1] as const

/** Rows on their way into a table, many by one statement. Nothing is in the table before `flush`. */
export class Rows {
  readonly #inserts: readonly { values: number; statement: Statement }[]
  #values: unknown[] = []

  /** `insert` is a statement up to its VALUES. */
  constructor(db: CaptureDatabase, insert: string, columns: number) {
    const row = `(${'?, '.repeat(columns - 1)}?)`
    this.#inserts = sizes.map((rows) => ({
      values: rows * columns,
      statement: db.prepare(`${insert} VALUES ${Array.from({ length: rows }, () => row).join(', ')}`),
    }))
  }

  /** Takes one row: a value for each column. */
  add(...row: readonly unknown[]): void {
    this.#values.push(...row)
  }

  flush(): void {
    const values = this.#values
    let at = 0
    for (const insert of this.#inserts) {
      for (; values.length - at >= insert.values; at += insert.values) {
        insert.statement.run(values.slice(at, at + insert.values))
      }
    }
    this.#values = []
  }

  clear(): void {
    this.#values = []
  }
}
