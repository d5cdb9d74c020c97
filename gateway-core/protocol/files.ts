import { call, callWith, event } from './declare.ts'
import { integer, text } from './parameters.ts'
import type {
  Counters,
  Definition,
  FileNode,
  FileText,
  Insertion,
  PolicyType,
  Problem,
  Snippet,
  Written,
} from './types.ts'

/** Files of the workspace, and the policies in them. */
export const filesCalls = {
  'files.tree': call<FileNode[]>(),
  'files.read': callWith({ path: text, revision: text }, ['revision']).returns<FileText>(),
  /** `base` is the version that the edit began with; another version on disk is a conflict, never overwritten. */
  'files.write': callWith({ path: text, text, base: text }).returns<Written>(),
  /** A file by another name, with its draft. Returns the other texts that name it, as they have to be now; they are not written. */
  'files.move': callWith({ from: text, to: text }).returns<{ files: { path: string; text: string }[] }>(),
  /** Takes a file away, and its draft. */
  'files.remove': callWith({ path: text }).returns<null>(),
  'files.check': callWith({ path: text, text }).returns<Problem[]>(),
  'files.schema': callWith({ path: text }).returns<{ schema: Record<string, unknown> | null }>(),
  'files.definition': callWith({ path: text, text, line: integer, column: integer }).returns<Definition | null>(),
  /** Names that can stand there: upstreams, sets, policies, consumers, files, as the place wants them. */
  'files.names': callWith({ path: text, text, line: integer, column: integer }).returns<string[]>(),
  'files.rename': callWith({ path: text, text, line: integer, column: integer, name: text }).returns<{
    files: { path: string; text: string }[]
  }>(),
  /** Text of a draft that was not saved: survives a crash of any process. Without a text it is forgotten. */
  'files.draft': callWith({ path: text, text, base: text }, ['text']).returns<null>(),
  'policies.types': call<PolicyType[]>(),
  'policies.snippets': callWith({ type: text }).returns<Snippet>(),
  'policies.insert': callWith({ path: text, text, line: integer, type: text }).returns<Insertion>(),
  'policies.counters': call<Counters>(),
} as const

/** What the core tells about it by itself. */
export const filesEvents = {
  'policies.counters': event<Counters>('latest'),
  'files.changed': event<{ path: string; version: string | null }>('every'),
} as const
