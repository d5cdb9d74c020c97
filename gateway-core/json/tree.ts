import { type JsonFault, scanJson, stringValue } from './scan.ts'

/**
 * A JSON text as a tree of ranges, to be changed at places and written again: what is not changed is copied as it stands,
 * so that large numbers, escapes and formatting survive. Texts are UTF-8 read as latin1 (`bytesAsText`).
 */
export class JsonTree {
  readonly #text: string
  readonly #root: Read

  private constructor(text: string, root: Read) {
    this.#text = text
    this.#root = root
  }

  /** Reads a text, or says what is wrong with it. */
  static read(text: string): JsonTree | JsonFault {
    const holder: Container = { kind: 'array', start: 0, end: 0, changed: false, items: [] }
    const stack: Container[] = [holder]
    let name: string | undefined
    let nameText = ''
    const put = (node: Node): void => {
      const parent = stack.at(-1)!
      if (parent.kind === 'array') parent.items.push(node)
      else parent.members.push({ name: name!, nameText, value: node })
    }
    const fault = scanJson(text, {
      open(object, start) {
        const node: Container = object
          ? { kind: 'object', start, end: 0, changed: false, members: [] }
          : { kind: 'array', start, end: 0, changed: false, items: [] }
        put(node)
        stack.push(node)
      },
      close(end) {
        stack.pop()!.end = end
      },
      key(start, end) {
        nameText = text.slice(start, end)
        name = stringValue(nameText)
      },
      scalar: (start, end) => put({ kind: 'scalar', start, end }),
    })
    return fault ?? new JsonTree(text, holder.items[0] as Read)
  }

  /** Removes what the steps lead to; `*` is any member or item. Of several equal keys all go. Returns how many. */
  remove(steps: readonly string[]): number {
    let count = 0
    this.#at(steps, false, (parent, step) => {
      const before = sizeOf(parent)
      if (parent.kind === 'object') parent.members = parent.members.filter(({ name }) => step !== '*' && name !== step)
      else parent.items = parent.items.filter((_, index) => step !== '*' && String(index) !== step)
      count += before - sizeOf(parent)
      return sizeOf(parent) !== before
    })
    return count
  }

  /** Sets what the steps lead to, to a JSON text. Missing objects on the way are made; `-` appends to an array. */
  set(steps: readonly string[], json: string): number {
    let count = 0
    this.#at(steps, true, (parent, step) => {
      const done = put(parent, step, { kind: 'new', json })
      if (done) count += 1
      return done
    })
    return count
  }

  /** Gives members another name; one that has this name already is replaced. */
  rename(steps: readonly string[], name: string): number {
    let count = 0
    this.#at(steps, false, (parent, step) => {
      if (parent.kind !== 'object' || step === name) return false
      const moved = parent.members.findLast((member) => member.name === step)
      if (!moved) return false
      parent.members = parent.members
        .filter((member) => member === moved || (member.name !== step && member.name !== name))
        .map((member) => (member === moved ? { ...member, name, nameText: utf8(JSON.stringify(name)) } : member))
      count += 1
      return true
    })
    return count
  }

  /** Takes the value at one place to another, without changing it. */
  move(from: readonly string[], to: readonly string[]): number {
    let taken: Node | undefined
    this.#at(from, false, (parent, step) => {
      const found =
        parent.kind === 'object'
          ? parent.members.findLast(({ name }) => name === step)?.value
          : parent.items[indexOf(step)]
      taken = found
      return false
    })
    if (!taken) return 0
    const json = this.#write(taken)
    this.remove(from)
    return this.set(to, json)
  }

  /** The text with its changes. */
  write(): string {
    const { start, end } = this.#root
    return this.#text.slice(0, start) + this.#write(this.#root) + this.#text.slice(end)
  }

  #at(steps: readonly string[], create: boolean, act: (parent: Container, step: string) => boolean): void {
    if (steps.length > 0) walk(this.#root, steps, 0, create, act)
  }

  #write(node: Node): string {
    if (node.kind === 'new') return node.json
    if (node.kind === 'scalar' || !node.changed) return this.#text.slice(node.start, node.end)
    if (node.kind === 'array') return `[${node.items.map((item) => this.#write(item)).join(',')}]`
    return `{${node.members.map(({ nameText, value }) => `${nameText}:${this.#write(value)}`).join(',')}}`
  }
}

type Node = Read | { kind: 'new'; json: string }
type Read = Container | { kind: 'scalar'; start: number; end: number }
type Container =
  | { kind: 'object'; start: number; end: number; changed: boolean; members: Member[] }
  | { kind: 'array'; start: number; end: number; changed: boolean; items: Node[] }

interface Member {
  name: string
  nameText: string
  value: Node
}

/** Goes down to the parents of what the steps lead to; true when something below changed. */
function walk(
  node: Node,
  steps: readonly string[],
  at: number,
  create: boolean,
  act: (parent: Container, step: string) => boolean,
): boolean {
  if (node.kind !== 'object' && node.kind !== 'array') return false
  const step = steps[at]!
  let changed = false
  if (at === steps.length - 1) changed = act(node, step)
  else {
    const children = childrenOf(node, step)
    if (children.length === 0 && create && node.kind === 'object' && step !== '*') {
      const made: Node = { kind: 'object', start: 0, end: 0, changed: true, members: [] }
      if (walk(made, steps, at + 1, create, act)) changed = put(node, step, made)
    }
    for (const child of children) if (walk(child, steps, at + 1, create, act)) changed = true
  }
  node.changed ||= changed
  return changed
}

function childrenOf(node: Container, step: string): Node[] {
  if (node.kind === 'object') {
    return node.members.filter(({ name }) => step === '*' || name === step).map(({ value }) => value)
  }
  if (step === '*') return [...node.items]
  const item = node.items[indexOf(step)]
  return item ? [item] : []
}

/** Puts a value under a name or index. Of several equal keys one is left, so that nobody can read another value. */
function put(parent: Container, step: string, value: Node): boolean {
  if (parent.kind === 'array') {
    const index = step === '-' ? parent.items.length : indexOf(step)
    if (step === '*') parent.items = parent.items.map(() => value)
    else if (!(index <= parent.items.length)) return false
    else parent.items[index] = value
    return true
  }
  if (step === '*') {
    parent.members = parent.members.map((member) => ({ ...member, value }))
    return true
  }
  const first = parent.members.findIndex(({ name }) => name === step)
  if (first === -1) parent.members.push({ name: step, nameText: utf8(JSON.stringify(step)), value })
  else {
    parent.members[first] = { ...parent.members[first]!, value }
    parent.members = parent.members.filter(({ name }, index) => name !== step || index === first)
  }
  return true
}

function sizeOf(node: Container): number {
  return node.kind === 'object' ? node.members.length : node.items.length
}

function indexOf(step: string): number {
  return /^(?:0|[1-9]\d{0,8})$/.test(step) ? Number(step) : Number.NaN
}

function utf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}
