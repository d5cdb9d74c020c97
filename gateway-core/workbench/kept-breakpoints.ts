import { join } from 'node:path'
import type { BreakpointSettings } from '../intercept/breakpoint.ts'
import type { Interceptor } from '../intercept/interceptor.ts'
import { readJsonFile, writeJsonFile } from './json-file.ts'

/**
 * Breakpoints live with the workspace, in `.gatehouse`: they stand again after a restart and after a crash, before the
 * first request comes in.
 */
export class KeptBreakpoints {
  readonly #file: string
  readonly #interceptor: Interceptor
  #kept: string

  constructor(folder: string, interceptor: Interceptor) {
    this.#file = join(folder, '.gatehouse', 'breakpoints.json')
    this.#interceptor = interceptor
    for (const settings of readJsonFile(this.#file, isList, [])) {
      try {
        interceptor.addBreakpoint(settings)
      } catch {
        // Written by another version, or by hand: a query that cannot be read holds nothing.
      }
    }
    this.#kept = this.#text()
  }

  /** Writes them where they changed. A folder that takes no files forgets them. */
  keep(): void {
    const text = this.#text()
    if (text === this.#kept) return
    this.#kept = text
    try {
      writeJsonFile(this.#file, JSON.parse(text))
    } catch {
      // They are in force all the same.
    }
  }

  #text(): string {
    const lasting = this.#interceptor.breakpoints.filter((one) => !one.isForOneExchange)
    return JSON.stringify(lasting.map(({ settings }) => settings))
  }
}

function isList(value: unknown): value is BreakpointSettings[] {
  return Array.isArray(value) && value.every(isSettings)
}

function isSettings(value: unknown): value is BreakpointSettings {
  const { query, on, enabled, once, limitMs } = (value ?? {}) as Partial<BreakpointSettings>
  return (
    typeof query === 'string' &&
    (on === 'request' || on === 'response' || on === 'both' || on === 'messages') &&
    typeof enabled === 'boolean' &&
    typeof once === 'boolean' &&
    Number.isInteger(limitMs) &&
    limitMs! >= 1000 &&
    limitMs! <= 3_600_000
  )
}
