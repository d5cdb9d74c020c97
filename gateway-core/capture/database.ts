import { createRequire } from 'node:module'
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'

/** A prepared statement. Parameters are one array; a blob is a Uint8Array. */
export interface Statement {
  run(parameters?: readonly unknown[]): { changes: number }
  get(parameters?: readonly unknown[]): unknown
  all(parameters?: readonly unknown[]): unknown[]
  iterate(parameters?: readonly unknown[]): IterableIterator<unknown>
}

/** The part of a database connection that is used here. */
export interface CaptureDatabase {
  prepare(sql: string): Statement
  exec(sql: string): void
  close(): void
}

const none: readonly unknown[] = []
/** Older ones have no SQLite, or call it an experiment at each start. */
const firstWithSqlite = 24

/** The SQLite of Node itself: it binds values at a third of the cost. */
export function openWithNode(file: string): CaptureDatabase {
  const sqlite = process.getBuiltinModule('node:sqlite')
  const db: DatabaseSync = new sqlite.DatabaseSync(file)
  return {
    prepare(sql) {
      const statement = db.prepare(sql)
      const values = (parameters: readonly unknown[] = none) => parameters as readonly SQLInputValue[]
      return {
        run: (parameters) => statement.run(...values(parameters)) as { changes: number },
        get: (parameters) => statement.get(...values(parameters)),
        all: (parameters) => statement.all(...values(parameters)),
        iterate: (parameters) => statement.iterate(...values(parameters)),
      }
    },
    exec: (sql) => db.exec(sql),
    close() {
      if (db.isOpen) db.close()
    },
  }
}

/** The SQLite of a package, for runtimes without one. */
export function openWithLibsql(file: string): CaptureDatabase {
  // Loaded only here: it is a native library with threads of its own.
  const Database = createRequire(import.meta.url)('libsql') as new (file: string) => CaptureDatabase
  const db = new Database(file)
  return {
    prepare(sql) {
      const statement = db.prepare(sql)
      return {
        run: (parameters = none) => statement.run(parameters),
        get: (parameters = none) => plain(statement.get(parameters)),
        all: (parameters = none) => statement.all(parameters).map(plain),
        iterate: (parameters = none) => plainRows(statement.iterate(parameters)),
      }
    },
    exec: (sql) => db.exec(sql),
    close: () => db.close(),
  }
}

/** It gives blobs as ArrayBuffers, and adds how long the query took. */
function plain(row: unknown): unknown {
  if (row === null || typeof row !== 'object') return row
  const columns = row as Record<string, unknown>
  delete columns['_metadata']
  for (const name in columns) {
    const value = columns[name]
    if (value instanceof ArrayBuffer) columns[name] = new Uint8Array(value)
  }
  return columns
}

function* plainRows(rows: Iterable<unknown>): IterableIterator<unknown> {
  for (const row of rows) yield plain(row)
}

/** Opens a database file, or makes it. Who finds it locked waits for five seconds. */
export function openFile(file: string): CaptureDatabase {
  const recent = Number(process.versions.node.split('.')[0]) >= firstWithSqlite
  // Electron may leave it out.
  const db = recent && process.getBuiltinModule('node:sqlite') ? openWithNode(file) : openWithLibsql(file)
  db.exec('PRAGMA busy_timeout = 5000')
  return db
}
