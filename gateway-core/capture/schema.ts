import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type CaptureDatabase, openFile } from './database.ts'

export type { CaptureDatabase, Statement } from './database.ts'

/** Bumped with each change of the tables; `migrations[n]` leads from version n to n + 1. */
export const schemaVersion = 5

/** What a part is; queries read only the kinds they ask for. */
export const partKind = { context: 1, headers: 2, detail: 3, knowledge: 4, extra: 5, body: 6 } as const
export type PartKind = keyof typeof partKind

/**
 * `exchanges` holds what is particular to an exchange; what repeats stands once in `parts` and is referred to by id.
 * An epoch is a run of exchanges that refer to parts of that run only, so that old parts go with their exchanges
 * without counting references. `sealed` holds encrypted secrets, apart from everything else.
 */
const migrations: readonly string[] = [
  `
  CREATE TABLE exchanges (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    started_at REAL NOT NULL,
    duration INTEGER NOT NULL,
    context INTEGER NOT NULL,
    client TEXT NOT NULL,
    peer_port INTEGER NOT NULL,
    peer_address TEXT,
    path TEXT NOT NULL,
    query TEXT NOT NULL,
    target TEXT,
    request_headers INTEGER NOT NULL,
    response_headers INTEGER,
    detail INTEGER,
    knowledge INTEGER,
    own TEXT NOT NULL,
    extra INTEGER,
    request_size INTEGER NOT NULL,
    response_size INTEGER NOT NULL,
    request_body INTEGER,
    response_body INTEGER,
    other_bodies TEXT
  );
  CREATE UNIQUE INDEX exchange_id ON exchanges (id);
  CREATE TABLE parts (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, text, note TEXT);
  CREATE INDEX contexts ON parts (id) WHERE kind = 1;
  CREATE TABLE epochs (first_seq INTEGER PRIMARY KEY, first_part INTEGER NOT NULL);
  CREATE TABLE sealed (tag TEXT PRIMARY KEY, value BLOB NOT NULL, expires_at REAL NOT NULL) WITHOUT ROWID;
  CREATE INDEX sealed_expiry ON sealed (expires_at);
  CREATE TABLE files (sha256 TEXT PRIMARY KEY, text TEXT) WITHOUT ROWID;
  CREATE TABLE revisions (revision TEXT, path TEXT, sha256 TEXT NOT NULL, saved_at REAL NOT NULL, PRIMARY KEY (revision, path)) WITHOUT ROWID;
  CREATE VIEW readable AS
    SELECT e.seq, e.id, e.started_at, e.duration, c.text ->> 0 AS method, c.text ->> 2 AS host, e.path, e.query,
      c.text ->> 12 AS verdict, c.text ->> 13 AS status, c.text ->> 14 AS code, c.text ->> 15 AS decided_by,
      c.text ->> 7 AS route, c.text ->> 16 AS consumer, e.client
    FROM exchanges e JOIN parts c ON c.id = e.context;
  `,
  // Messages of WebSockets and event streams go with their exchange; writing an exchange anew is no deletion.
  `
  CREATE TABLE messages (
    exchange TEXT NOT NULL,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    side INTEGER NOT NULL,
    kind TEXT NOT NULL,
    fate TEXT NOT NULL,
    size INTEGER NOT NULL,
    truncated INTEGER NOT NULL,
    content NOT NULL,
    content_note TEXT,
    sent,
    sent_note TEXT,
    more TEXT,
    PRIMARY KEY (exchange, number)
  );
  CREATE TRIGGER exchange_deleted AFTER DELETE ON exchanges BEGIN DELETE FROM messages WHERE exchange = old.id; END;
  `,
  // From here on an upstream's URL may be its beginning only, and a header of its answer a place in the response's.
  'SELECT 1',
  // What counters held: see `saved-states.ts`.
  'CREATE TABLE states (place REAL PRIMARY KEY, time REAL NOT NULL, start INTEGER NOT NULL, last_seq INTEGER NOT NULL, value BLOB NOT NULL) WITHOUT ROWID',
  // Values of headers that the list of the exchange is without: see `header-values.ts`.
  'ALTER TABLE exchanges ADD COLUMN header_values TEXT',
]

/** Why a capture database cannot be used; the message says what to do. */
export class CaptureStoreError extends Error {
  override name = 'CaptureStoreError'
}

export function captureFile(folder: string): string {
  return join(folder, '.gatehouse', 'captures.db')
}

/**
 * Opens the capture database of a workspace, makes or migrates its tables. Throws a CaptureStoreError when a newer
 * Gatehouse wrote it, or when it cannot be opened (read-only folder, full disk, not a database).
 */
export function openDatabase(folder: string, options: { create: boolean }): CaptureDatabase {
  const file = captureFile(folder)
  let db: CaptureDatabase | undefined
  try {
    if (options.create) mkdirSync(join(folder, '.gatehouse'), { recursive: true, mode: 0o700 })
    db = openFile(file)
    const version = userVersion(db)
    // The folder keeps others out already; a copy of the file should as well. Its journal takes over these rights.
    if (version === 0) chmodSync(file, 0o600)
    if (version > schemaVersion) {
      throw new CaptureStoreError(
        `${file} was written by a newer Gatehouse (format ${version}, this one reads up to ${schemaVersion}): use that version, or move the file away`,
      )
    }
    if (options.create) prepareForWriting(db, version)
    else if (version < schemaVersion) migrate(db, version)
    db.exec('PRAGMA temp_store = MEMORY')
    return db
  } catch (error) {
    db?.close()
    if (error instanceof CaptureStoreError) throw error
    throw new CaptureStoreError(`${file} cannot be opened: ${(error as Error).message}`)
  }
}

function prepareForWriting(db: CaptureDatabase, version: number): void {
  // Only a new file can still choose how it gives pages back.
  if (version === 0) db.exec('PRAGMA auto_vacuum = INCREMENTAL')
  db.exec('PRAGMA journal_mode = WAL')
  // A commit is in the operating system's hands at once, so it survives the end of this process; only a power cut may lose the last ones.
  db.exec('PRAGMA synchronous = NORMAL; PRAGMA secure_delete = FAST; PRAGMA journal_size_limit = 16777216')
  migrate(db, version)
}

function migrate(db: CaptureDatabase, from: number): void {
  if (from >= schemaVersion) return
  db.exec('BEGIN IMMEDIATE')
  try {
    // Another process may have migrated while this one waited.
    for (let version = userVersion(db); version < schemaVersion; version++) {
      db.exec(migrations[version]!)
      db.exec(`PRAGMA user_version = ${version + 1}`)
    }
    db.exec('COMMIT')
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
}

function userVersion(db: CaptureDatabase): number {
  return (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version
}
