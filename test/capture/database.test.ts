import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openWithLibsql, openWithNode } from '../../gateway-core/capture/database.ts'
import { temporaryFolder } from './records.ts'

// Whichever SQLite the runtime has, the store sees the same.
describe.each([
  ['of Node', openWithNode],
  ['of the package', openWithLibsql],
])('the SQLite %s', (_, open) => {
  function table() {
    const file = join(temporaryFolder(), 'a.db')
    const db = open(file)
    db.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY KEY, value)')
    return { db, file }
  }

  test.each<[string, unknown, unknown]>([
    ['null', null, null],
    ['an integer', 42, 42],
    ['a large integer', 1_763_780_000_000, 1_763_780_000_000],
    ['a number', 12.5, 12.5],
    ['a text', 'é 🦊 "a"', 'é 🦊 "a"'],
    ['an empty text', '', ''],
    ['bytes', Buffer.from([0, 255, 1]), [0, 255, 1]],
    ['no bytes', new Uint8Array(0), []],
  ])('keeps %s', (_what, value, read) => {
    const { db } = table()
    expect(db.prepare('INSERT INTO t VALUES (?, ?)').run([1, value]).changes).toBe(1)
    const shown = (row: unknown) =>
      Object.values(row as object).map((one) => (ArrayBuffer.isView(one) ? [...(one as Uint8Array)] : one) as unknown)
    expect(db.prepare('SELECT * FROM t').all().map(shown)).toEqual([[1, read]])
    expect(shown(db.prepare('SELECT value FROM t WHERE id = ?').get([1]))).toEqual([read])
    db.close()
  })

  test('gives rows one by one, all at once, or none', () => {
    const { db } = table()
    const insert = db.prepare('INSERT INTO t VALUES (?, ?), (?, ?)')
    insert.run([1, 'a', 2, 'b'])
    insert.run([3, 'c', 4, 'd'])
    const rows = db.prepare('SELECT value FROM t WHERE id > ? ORDER BY id')
    expect([...rows.iterate([1])].map((row) => (row as { value: string }).value)).toEqual(['b', 'c', 'd'])
    expect(rows.all([2])).toHaveLength(2)
    expect(db.prepare('SELECT value FROM t WHERE id > ?').get([4])).toBeUndefined()
    expect(db.prepare('DELETE FROM t WHERE id < ?').run([3]).changes).toBe(2)
    db.close()
  })

  test('says what is wrong in the words of SQLite, and goes on', () => {
    const { db, file } = table()
    expect(() => db.prepare('SELECT * FROM gone')).toThrow('no such table: gone')
    db.prepare('INSERT INTO t VALUES (1, 1)').run()
    expect(() => db.prepare('INSERT INTO t VALUES (1, 1)').run()).toThrow(/UNIQUE constraint failed: t\.id/)
    db.exec('PRAGMA max_page_count = 3')
    const large = () => db.prepare('INSERT INTO t VALUES (2, ?)').run([Buffer.alloc(100_000)])
    expect(large).toThrow('database or disk is full')
    db.exec('BEGIN IMMEDIATE')
    const other = open(file)
    other.exec('PRAGMA busy_timeout = 0')
    expect(() => other.exec('BEGIN IMMEDIATE')).toThrow('database is locked')
    db.exec('ROLLBACK')
    expect(other.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 1 })
    other.close()
    db.close()
    // Whoever closes may do so twice.
    db.close()
  })
})

test('a file that is no database is no reason to end', () => {
  expect(() => openWithNode('/nowhere/a.db')).toThrow('unable to open database file')
})
