import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

export interface Rectangle {
  x: number
  y: number
  width: number
  height: number
}

/** Where a window stood. Sizes in device-independent pixels. */
export interface WindowState {
  bounds: Rectangle
  maximized: boolean
  fullScreen: boolean
  /** Zoom of the page, in Chromium's levels: 0 is 100 %. */
  zoom: number
}

export const smallest = { width: 720, height: 480 }
const usual = { width: 1440, height: 900 }
/** Windows of so many workspaces are remembered. */
const mostKept = 50

/** Remembers windows by their workspace in one small file, written whole. An unreadable file counts as empty. */
export class WindowStates {
  readonly #file: string
  #states: Map<string, WindowState>

  constructor(file: string) {
    this.#file = file
    this.#states = read(file)
  }

  /** The state of a workspace's window (null: the welcome screen), moved onto a display that is there. */
  get(folder: string | null, displays: readonly Rectangle[]): WindowState {
    const found = this.#states.get(keyOf(folder)) ?? [...this.#states.values()].at(-1)
    const state = found ?? { bounds: { x: 0, y: 0, ...usual }, maximized: false, fullScreen: false, zoom: 0 }
    return { ...state, bounds: fit(found?.bounds, displays) }
  }

  set(folder: string | null, state: WindowState): void {
    const key = keyOf(folder)
    this.#states.delete(key)
    this.#states.set(key, state)
    for (const old of [...this.#states.keys()].slice(0, -mostKept)) this.#states.delete(old)
    try {
      mkdirSync(dirname(this.#file), { recursive: true })
      const draft = `${this.#file}.new`
      writeFileSync(draft, JSON.stringify(Object.fromEntries(this.#states), undefined, 2))
      renameSync(draft, this.#file)
    } catch {
      // A full or read-only disk: the window opens at its usual place next time.
    }
  }
}

/** Bounds that can be seen: inside the display that holds most of them, else in the middle of the first one. */
export function fit(bounds: Rectangle | undefined, displays: readonly Rectangle[]): Rectangle {
  const first = displays[0] ?? { x: 0, y: 0, ...usual }
  const shared = bounds ? displays.map((display) => overlap(bounds, display)) : []
  const most = Math.max(0, ...shared)
  const display = most > 0 ? displays[shared.indexOf(most)]! : first
  const width = Math.min(Math.max(bounds?.width ?? usual.width, smallest.width), display.width)
  const height = Math.min(Math.max(bounds?.height ?? usual.height, smallest.height), display.height)
  if (!bounds || most === 0) {
    const x = display.x + Math.round((display.width - width) / 2)
    return { x, y: display.y + Math.round((display.height - height) / 2), width, height }
  }
  return {
    x: Math.min(Math.max(bounds.x, display.x), display.x + display.width - width),
    y: Math.min(Math.max(bounds.y, display.y), display.y + display.height - height),
    width,
    height,
  }
}

function overlap(a: Rectangle, b: Rectangle): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
  return Math.max(0, width) * Math.max(0, height)
}

/** Folders are not written in clear: their names are nobody's business. */
function keyOf(folder: string | null): string {
  return folder === null ? 'welcome' : createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 16)
}

function read(file: string): Map<string, WindowState> {
  try {
    const entries = Object.entries(JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>)
    return new Map(entries.flatMap(([key, state]) => (isState(state) ? [[key, state] as const] : [])))
  } catch {
    return new Map()
  }
}

function isState(value: unknown): value is WindowState {
  const state = value as Partial<WindowState> | null
  const { x, y, width, height } = state?.bounds ?? ({} as Partial<Rectangle>)
  const numbers = [x, y, width, height, state?.zoom]
  return (
    numbers.every((number) => typeof number === 'number' && Number.isFinite(number)) &&
    typeof state?.maximized === 'boolean' &&
    typeof state.fullScreen === 'boolean'
  )
}
