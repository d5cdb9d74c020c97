import { describe, expect, it } from 'vitest'
import { ranked, rankOf } from '../../../renderer/shell/palette-rank.ts'

const actions = [
  { title: 'Filter the traffic', group: 'Traffic', keywords: 'search find query' },
  { title: 'Go to the newest and follow', group: 'Traffic' },
  { title: 'Make a policy test of this', group: 'Traffic', keywords: 'expect assert regression' },
  { title: 'Look at a moment: what limiters, quotas and sessions held', group: 'Traffic', keywords: 'time travel' },
  { title: 'Send sample traffic', group: 'Traffic', keywords: 'demo try example' },
  { title: 'Go to Traffic', group: 'Go' },
  { title: 'Go to Policies', group: 'Go' },
  { title: 'Go to Tests', group: 'Go' },
  { title: 'Show problems', group: 'Go' },
  { title: 'Go to the line of the expectation', group: 'Tests' },
  { title: 'Run all tests', group: 'Tests' },
  { title: 'Start the gateway', group: 'Gateway', keywords: 'run listen' },
  { title: 'Dark theme', group: 'View', keywords: 'dark light colours appearance' },
  { title: 'Light theme', group: 'View', keywords: 'dark light colours appearance' },
]

/** Titles in the order in which the palette lists them. */
function found(typed: string): string[] {
  return ranked(actions, typed).map(({ title }) => title)
}

describe('the palette', () => {
  it.each([
    ['go to tests', 'Go to Tests'],
    ['go to t', 'Go to Tests'],
    ['go tests', 'Go to Tests'],
    ['GO TO TE', 'Go to Tests'],
    ['gtp', 'Go to Policies'],
    ['goto pol', 'Go to Policies'],
    ['tests go', 'Go to Tests'],
    ['run tests', 'Run all tests'],
    ['tests', 'Go to Tests'],
    ['traffic', 'Go to Traffic'],
    ['problems', 'Show problems'],
    ['pblms', 'Show problems'],
    ['light', 'Light theme'],
    ['appear', 'Dark theme'],
    ['start', 'Start the gateway'],
    ['policy test', 'Make a policy test of this'],
    ['demo', 'Send sample traffic'],
    ['filter  traffic ', 'Filter the traffic'],
  ])('finds for "%s" first: %s', (typed, title) => {
    expect(found(typed)[0]).toBe(title)
  })

  it('leaves out what lacks one of the words', () => {
    expect(found('go to tests')).not.toContain('Go to Policies')
    expect(found('xyzzy')).toEqual([])
  })

  it('lists everything before something is typed, and never more than as sure as its own title', () => {
    for (const action of actions) {
      expect(rankOf(action, ' ')).toBe(1)
      expect(rankOf(action, action.title)).toBe(1)
      expect(rankOf(action, action.title.slice(0, 4))).toBeLessThanOrEqual(1)
    }
  })
})
