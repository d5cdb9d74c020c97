import { describe, expect, it } from 'vitest'
import { LaunchProblem, ownWords, readArguments } from '../../electron/launch-arguments.ts'

describe('what the app opens', () => {
  it.each([
    ['nothing', [], { kind: 'welcome' }],
    ['a folder', ['shop'], { kind: 'folder', folder: '/home/ada/shop' }],
    ['an absolute folder', ['/srv/shop'], { kind: 'folder', folder: '/srv/shop' }],
    [
      'a folder after switches',
      ['--no-sandbox', '--user-data-dir=/tmp/x', 'shop'],
      { kind: 'folder', folder: '/home/ada/shop' },
    ],
    ['a sample', ['--sample=bookshop'], { kind: 'sample', sample: 'bookshop' }],
    ['a sample, apart', ['--sample', 'bookshop'], { kind: 'sample', sample: 'bookshop' }],
    [
      'a core elsewhere',
      ['--attach=ws://127.0.0.1:4000/#token=abc'],
      { kind: 'attach', url: 'ws://127.0.0.1:4000/rpc', token: 'abc' },
    ],
    [
      'the address of a page',
      ['--attach', 'http://127.0.0.1:4000/#token=abc'],
      { kind: 'attach', url: 'ws://127.0.0.1:4000/rpc', token: 'abc' },
    ],
    [
      'a bare token',
      ['--attach=wss://core.example/tool/#abc'],
      { kind: 'attach', url: 'wss://core.example/tool/rpc', token: 'abc' },
    ],
    ['a whole address', ['--attach=ws://[::1]:9/rpc#abc'], { kind: 'attach', url: 'ws://[::1]:9/rpc', token: 'abc' }],
  ])('%s', (_name, words, expected) => {
    expect(readArguments(words, '/home/ada')).toEqual(expected)
  })

  it.each([
    ['no address', '--attach=core'],
    ['another protocol', '--attach=ftp://127.0.0.1/#abc'],
    ['no token', '--attach=ws://127.0.0.1:4000/'],
  ])('is refused with what to write: %s', (_name, word) => {
    expect(() => readArguments([word], '/')).toThrow(LaunchProblem)
    expect(() => readArguments([word], '/')).toThrow('ws://host:port/#token')
  })
})

describe('words of the command line', () => {
  it.each([
    ['of the packaged app', ['/opt/gatehouse', '--no-sandbox', 'shop'], false, ['--no-sandbox', 'shop']],
    ['after the app of a bare runtime', ['electron', '--inspect=0', '/src', 'shop'], true, ['shop']],
    ['with nothing after it', ['electron', '.'], true, []],
  ])('%s', (_name, argv, bare, expected) => {
    expect(ownWords(argv, bare)).toEqual(expected)
  })
})
