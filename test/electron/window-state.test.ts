import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fit, WindowStates } from '../../electron/window-state.ts'

const left = { x: 0, y: 0, width: 1600, height: 1000 }
const right = { x: 1600, y: 0, width: 1280, height: 800 }

describe('where a window opens', () => {
  it.each([
    ['in the middle at first', undefined, [left], { x: 80, y: 50, width: 1440, height: 900 }],
    ['where it was', { x: 30, y: 40, width: 900, height: 600 }, [left], { x: 30, y: 40, width: 900, height: 600 }],
    [
      'on its display',
      { x: 1700, y: 10, width: 900, height: 600 },
      [left, right],
      { x: 1700, y: 10, width: 900, height: 600 },
    ],
    [
      'on another display when its own is gone',
      { x: 1700, y: 10, width: 900, height: 600 },
      [left],
      { x: 350, y: 200, width: 900, height: 600 },
    ],
    [
      'inside when it hung over',
      { x: 1500, y: 900, width: 900, height: 600 },
      [left],
      { x: 700, y: 400, width: 900, height: 600 },
    ],
    [
      'no larger than the display',
      { x: 0, y: 0, width: 5000, height: 4000 },
      [right],
      { x: 1600, y: 0, width: 1280, height: 800 },
    ],
    [
      'no smaller than it can be used',
      { x: 5, y: 5, width: 10, height: 10 },
      [left],
      { x: 5, y: 5, width: 720, height: 480 },
    ],
    ['somewhere without any display', undefined, [], { x: 0, y: 0, width: 1440, height: 900 }],
  ])('%s', (_name, bounds, displays, expected) => {
    expect(fit(bounds, displays)).toEqual(expected)
  })
})

describe('the state of windows', () => {
  let folder: string
  let file: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-windows-'))
    file = join(folder, 'deep', 'windows.json')
  })
  afterEach(() => rmSync(folder, { recursive: true }))
  const state = { bounds: { x: 10, y: 20, width: 900, height: 600 }, maximized: true, fullScreen: false, zoom: 1 }

  it('is kept for each workspace, without naming it', () => {
    new WindowStates(file).set('/home/ada/secret-project', state)
    expect(new WindowStates(file).get('/home/ada/secret-project', [left])).toEqual(state)
    expect(readFileSync(file, 'utf8')).not.toContain('secret-project')
  })

  it('of a new workspace is that of the last window', () => {
    const states = new WindowStates(file)
    states.set(null, { ...state, maximized: false })
    states.set('/a', state)
    expect(states.get('/b', [left])).toEqual(state)
  })

  it.each([
    ['no JSON', '{'],
    ['something else', '[1, 2]'],
    ['wrong shapes', '{"welcome":{"bounds":{"x":"1"},"maximized":1}}'],
    ['nothing', 'null'],
  ])('survives a file that holds %s', (_name, text) => {
    const broken = join(folder, 'windows.json')
    writeFileSync(broken, text)
    expect(new WindowStates(broken).get(null, [left]).bounds).toEqual(fit(undefined, [left]))
  })

  it('is not worth an error when it cannot be written', () => {
    writeFileSync(join(folder, 'deep'), '')
    expect(() => new WindowStates(file).set(null, state)).not.toThrow()
  })

  it('does not grow without end', () => {
    const states = new WindowStates(file)
    for (let index = 0; index < 80; index++) states.set(`/workspace-${index}`, state)
    expect(Object.keys(JSON.parse(readFileSync(file, 'utf8')) as object)).toHaveLength(50)
  })
})
