import { join } from 'node:path'
import type { PassThroughMemory } from '../proxy/proxy-door.ts'
import { readJsonFile, writeJsonFile } from './json-file.ts'

/** Hosts whose TLS a person asked to leave alone, kept in `.gatehouse` of the workspace: they belong to this machine's programs. */
export function passThroughMemory(folder: string, problem: (message: string) => void): PassThroughMemory {
  const file = join(folder, '.gatehouse', 'pass-through.json')
  return {
    patterns: readJsonFile(file, isPatterns, []),
    keep(patterns) {
      try {
        writeJsonFile(file, patterns)
      } catch (error) {
        problem(
          `the hosts to pass through cannot be kept (${(error as NodeJS.ErrnoException).code ?? 'unknown error'})`,
        )
      }
    },
  }
}

function isPatterns(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((pattern) => typeof pattern === 'string')
}
