import { describe, expect, it } from 'vitest'
import { isOwnPage, isTrustedSender, webPreferences } from '../../electron/security.ts'

describe('who may ask', () => {
  const main = { url: 'app://gatehouse/' }
  it.each([
    ['the page of the app', main, main, true],
    ['a frame inside it', { url: 'app://gatehouse/' }, main, false],
    ['a page that is gone', null, main, false],
  ])('%s: %s', (_name, senderFrame, mainFrame, expected) => {
    expect(isTrustedSender({ senderFrame, sender: { mainFrame } } as never)).toBe(expected)
  })

  it.each([
    ['app://gatehouse/', true],
    ['app://gatehouse/#traffic', true],
    ['app://gatehouse.example/', false],
    ['https://gatehouse/', false],
    ['file:///app/index.html', false],
    ['data:text/html,x', false],
    ['about:blank', false],
    ['', false],
  ])('%s: %s', (url, expected) => {
    const frame = { url }
    expect(isOwnPage(url)).toBe(expected)
    expect(isTrustedSender({ senderFrame: frame, sender: { mainFrame: frame } } as never)).toBe(expected)
  })
})

it('every window is made without any privilege', () => {
  expect(webPreferences('/preload.cjs')).toMatchObject({
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    webviewTag: false,
  })
})
