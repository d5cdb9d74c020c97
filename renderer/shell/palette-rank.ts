import type { Action } from './actions.ts'

type Named = Pick<Action, 'title' | 'group' | 'keywords'>

/** The actions that answer what was typed, the best first; of equal ones, in the order given. */
export function ranked<A extends Named>(actions: readonly A[], typed: string): A[] {
  return actions
    .map((action) => ({ action, rank: rankOf(action, typed) }))
    .filter(({ rank }) => rank > 0)
    .sort((one, other) => other.rank - one.rank)
    .map(({ action }) => action)
}

/**
 * How well an action answers what was typed, 0 to 1; 0 is not at all. Every typed word must be found: in the title, else
 * in the heading or the keywords, else as letters of the title in their order. What reads as it was typed stands first.
 */
export function rankOf({ title, group, keywords = '' }: Named, typed: string): number {
  const wanted = plain(typed)
  if (wanted === '') return 1
  const named = plain(title)
  if (named === wanted) return 1
  const places = {
    named,
    inTitle: named.split(' '),
    inGroup: plain(group).split(' '),
    beside: plain(keywords).split(' '),
  }
  const found = wanted.split(' ').map((word) => rankOfWord(word, places))
  if (found.includes(0)) return 0
  const mean = found.reduce((sum, one) => sum + one, 0) / found.length
  const asTyped = named.startsWith(wanted) ? 0.15 : named.includes(wanted) ? 0.1 : 0
  // Of two that answer alike, the shorter one says less besides.
  return mean * 0.8 + asTyped + 0.04 / named.length
}

interface Places {
  named: string
  inTitle: readonly string[]
  inGroup: readonly string[]
  beside: readonly string[]
}

function rankOfWord(word: string, { named, inTitle, inGroup, beside }: Places): number {
  const begins = (one: string) => one.startsWith(word)
  if (inTitle.includes(word)) return 1
  if (inTitle.some(begins)) return 0.9
  if (inGroup.some(begins)) return 0.7
  if (beside.some(begins)) return 0.6
  const squeezed = named.replaceAll(' ', '')
  if (squeezed.includes(word)) return 0.5
  if (
    inTitle
      .map((one) => one[0])
      .join('')
      .includes(word)
  )
    return 0.4
  return lettersOf(word, squeezed) ? 0.15 : 0
}

/** Whether the letters stand there in this order, others between them: `trafic`, `pblms`. */
function lettersOf(word: string, text: string): boolean {
  if (word.length < 3) return false
  let at = -1
  return word.split('').every((letter) => (at = text.indexOf(letter, at + 1)) >= 0)
}

const plain = (text: string) =>
  text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}+]+/gu, ' ')
    .trim()
