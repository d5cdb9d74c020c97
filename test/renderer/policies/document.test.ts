import { describe, expect, test } from 'vitest'
import {
  changedOnDisk,
  deletedOnDisk,
  isEdited,
  type OpenDocument,
  openDocument,
  resolved,
  written,
} from '../../../renderer/policies/document.ts'
import { standingOf } from '../../../renderer/policies/standing.ts'
import type { OpenWorkspace } from '../../../gateway-core/protocol/types.ts'

const file = { path: 'gatehouse.yaml', text: 'a\nb\nc\nd\n', version: 'v1', readOnly: false }
const clean = openDocument(file)
const type = (document: OpenDocument, text: string): OpenDocument => ({ ...document, text })

describe('a draft that was left behind', () => {
  test('comes back, and says so', () => {
    const document = openDocument({ ...file, draft: { text: 'a\nB\nc\nd\n', base: 'v1' } })
    expect(document).toMatchObject({ text: 'a\nB\nc\nd\n', notice: 'restored', conflict: null })
    expect(isEdited(document)).toBe(true)
  })

  test('of an older text asks before it goes over the newer one', () => {
    const document = openDocument({ ...file, draft: { text: 'a\nB\nc\nd\n', base: 'v0' } })
    expect(document).toMatchObject({ text: 'a\nB\nc\nd\n', conflict: { text: file.text, version: 'v1' } })
  })

  test('that equals the file is nothing to speak of', () => {
    expect(openDocument({ ...file, draft: { text: file.text, base: 'v0' } })).toEqual(clean)
  })
})

describe('someone else writes the file', () => {
  test('without an edit here it is taken over', () => {
    const document = changedOnDisk(clean, 'new\n', 'v2')
    expect(document).toMatchObject({ text: 'new\n', base: { text: 'new\n', version: 'v2' }, notice: 'reloaded' })
  })

  test('an edit of other lines is merged, and is still to be saved', () => {
    const document = changedOnDisk(type(clean, 'A\nb\nc\nd\n'), 'a\nb\nc\nD\n', 'v2')
    expect(document).toMatchObject({ text: 'A\nb\nc\nD\n', notice: 'merged', conflict: null })
    expect(isEdited(document)).toBe(true)
  })

  test('an edit of the same line is asked about; both texts are there', () => {
    const document = changedOnDisk(type(clean, 'X\nb\nc\nd\n'), 'Y\nb\nc\nd\n', 'v2')
    expect(document).toMatchObject({ text: 'X\nb\nc\nd\n', conflict: { text: 'Y\nb\nc\nd\n', version: 'v2' } })
  })

  test('the same text as typed ends the edit', () => {
    expect(isEdited(changedOnDisk(type(clean, 'same\n'), 'same\n', 'v2'))).toBe(false)
  })

  test('once more during a conflict: the newest one counts', () => {
    const first = changedOnDisk(type(clean, 'X\nb\nc\nd\n'), 'Y\nb\nc\nd\n', 'v2')
    expect(changedOnDisk(first, 'Z\nb\nc\nd\n', 'v3').conflict).toEqual({ text: 'Z\nb\nc\nd\n', version: 'v3' })
  })

  test('and goes: the text stays, and saving writes it again', () => {
    const document = deletedOnDisk(clean)
    expect(document).toMatchObject({ text: file.text, deleted: true, base: { version: '' } })
    expect(changedOnDisk(document, file.text, 'v1')).toMatchObject({ deleted: false, base: { version: 'v1' } })
  })
})

describe('ending a conflict', () => {
  const asked = changedOnDisk(type(clean, 'X\nb\nc\nd\n'), 'Y\nb\nc\nd\n', 'v2')
  test.each([
    ['mine' as const, 'X\nb\nc\nd\n', true],
    ['theirs' as const, 'Y\nb\nc\nd\n', false],
    [{ text: 'X\nY\nb\nc\nd\n' }, 'X\nY\nb\nc\nd\n', true],
  ])('%o', (choice, text, edited) => {
    const document = resolved(asked, choice)
    expect(document).toMatchObject({ text, conflict: null, base: { version: 'v2' } })
    expect(isEdited(document)).toBe(edited)
  })
})

describe('a save', () => {
  const edited = { ...type(clean, 'A\nb\nc\nd\n'), saving: true }

  test('leaves nothing to save', () => {
    const document = written(edited, edited.text, { state: 'saved', version: 'v2' })
    expect(document).toMatchObject({ base: { text: 'A\nb\nc\nd\n', version: 'v2' }, saving: false })
    expect(isEdited(document)).toBe(false)
  })

  test('keeps what was typed meanwhile', () => {
    const document = written(type(edited, 'AA\nb\nc\nd\n'), edited.text, { state: 'saved', version: 'v2' })
    expect(document.text).toBe('AA\nb\nc\nd\n')
    expect(isEdited(document)).toBe(true)
  })

  test('that met another edit merges or asks, and wrote nothing', () => {
    const apart = written(edited, edited.text, { state: 'conflict', version: 'v2', text: 'a\nb\nc\nD\n', merged: null })
    expect(apart).toMatchObject({ text: 'A\nb\nc\nD\n', notice: 'merged', saving: false })
    const same = written(edited, edited.text, { state: 'conflict', version: 'v2', text: 'Q\nb\nc\nd\n', merged: null })
    expect(same).toMatchObject({ text: 'A\nb\nc\nd\n', conflict: { version: 'v2' }, saving: false })
  })
})

describe('how the text stands to what is in force', () => {
  const workspace = {
    revision: 'r1',
    environment: 'local',
    lastGood: false,
    gateway: { state: 'running', http: null, https: null },
  } as OpenWorkspace
  const lastGood = { ...workspace, lastGood: true }
  const edited = type(clean, 'x')
  test.each([
    ['saved and enforced', clean, 'workspace', workspace, false, 'saved · in force'],
    ['edited', edited, 'workspace', workspace, false, 'edited, not saved: the saved text stays in force'],
    [
      'saved with problems',
      clean,
      'workspace',
      lastGood,
      false,
      'saved, but has problems: the last good revision is in force',
    ],
    ['on its way', clean, 'policies', workspace, true, 'saved · coming into force…'],
    [
      'of another environment',
      { ...clean, path: 'environments/staging.yaml' },
      'environment',
      workspace,
      false,
      'saved · not in force: local is the active environment',
    ],
    [
      'of this environment',
      { ...clean, path: 'environments/local.yaml' },
      'environment',
      workspace,
      false,
      'saved · in force',
    ],
    ['not read by the gateway', { ...clean, path: 'README.md' }, 'other', workspace, false, 'saved'],
    ['gone', deletedOnDisk(clean), 'workspace', workspace, false, 'gone from disk: saving writes it again'],
  ] as const)('%s', (_, document, kind, open, applying, words) => {
    expect(standingOf(document, kind, open, applying).words).toBe(words)
  })
})
