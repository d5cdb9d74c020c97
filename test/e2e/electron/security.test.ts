import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { contentSecurityPolicy } from '../../../electron/app-protocol.ts'
import { launch, type LaunchedApp, makeHome } from './launch.ts'

/** What a page of the real app can do, tried in it. */
let launched: LaunchedApp
const { home, clean } = makeHome()
let outside: Server
let address: string
let visits = 0

beforeAll(async () => {
  outside = createServer((_request, response) => {
    visits++
    response.setHeader('access-control-allow-origin', '*')
    response.end('outside')
  })
  await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(outside.address() as AddressInfo).port}/`
  launched = await launch(home)
}, 90_000)
afterAll(async () => {
  await launched?.close()
  outside.close()
  clean()
})

const start = 'app://gatehouse/'

describe('a window', () => {
  it('is sandboxed, isolated, and has nothing of Node', async () => {
    const preferences = await launched.app.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]!.webContents
      return (contents as unknown as { getLastWebPreferences(): Record<string, unknown> }).getLastWebPreferences()
    })
    expect(preferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webSecurity: true,
      webviewTag: false,
    })
    const seen = await launched.page.evaluate(() =>
      ['require', 'process', 'module', 'Buffer', 'global', 'electron'].filter((name) => name in window),
    )
    expect(seen).toEqual([])
  })

  it('shows the page of the app, from its own scheme', () => {
    expect(launched.page.url().split('#')[0]).toBe(start)
  })

  it('offers the page a few frozen functions and nothing else', async () => {
    const offered = await launched.page.evaluate(() => {
      const bridge = window.gatehouse as unknown as Record<string, unknown>
      const before = bridge['connect']
      try {
        bridge['connect'] = () => undefined
        ;(window as unknown as Record<string, unknown>)['gatehouse'] = 'replaced'
      } catch {
        // Refusing loudly is as good.
      }
      return {
        names: Object.keys(window.gatehouse!).sort(),
        same: (window.gatehouse as unknown as typeof bridge)['connect'] === before,
      }
    })
    expect(offered.same).toBe(true)
    expect(offered.names).toEqual([
      'chooseFile',
      'chooseFolder',
      'chooseNewFile',
      'connect',
      'onCore',
      'onMenu',
      'openWindow',
      'platform',
      'restartCore',
      'setTheme',
      'tellHeld',
      'zoom',
    ])
  })
})

describe('the content security policy', () => {
  it('comes with every file', async () => {
    const policy = await launched.page.evaluate(async () => (await fetch('/')).headers.get('content-security-policy'))
    expect(policy).toBe(contentSecurityPolicy)
  })

  it('stops code made of text', async () => {
    // Later, and so outside of what the test's own channel may do.
    const outcome = await launched.page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          setTimeout(() => {
            try {
              // oxlint-disable-next-line no-new-func, typescript/no-implied-eval -- that is the point
              resolve(String(new Function('return 1')()))
            } catch (error) {
              resolve((error as Error).name)
            }
          })
        }),
    )
    expect(outcome).toBe('EvalError')
  })

  it('stops inline scripts and handlers', async () => {
    const ran = await launched.page.evaluate(async () => {
      const place = document.createElement('div')
      document.body.append(place)
      const script = document.createElement('script')
      script.textContent = 'window.ran = true'
      place.append(script)
      place.innerHTML += '<img src="x:" onerror="window.ran = true">'
      await new Promise((resolve) => setTimeout(resolve, 50))
      place.remove()
      return 'ran' in window
    })
    expect(ran).toBe(false)
  })

  it('keeps the page from reaching anything outside', async () => {
    const reached = await launched.page.evaluate(async (url) => {
      const tries = {
        fetch: fetch(url).then(
          () => true,
          () => false,
        ),
        socket: new Promise<boolean>((resolve) => {
          try {
            const socket = new WebSocket(url.replace('http', 'ws'))
            socket.onopen = () => resolve(true)
            socket.onerror = () => resolve(false)
          } catch {
            resolve(false)
          }
        }),
        image: new Promise<boolean>((resolve) => {
          const image = new Image()
          image.onload = () => resolve(true)
          image.onerror = () => resolve(false)
          image.src = url
        }),
        frame: new Promise<boolean>((resolve) => {
          const frame = document.createElement('iframe')
          frame.src = url
          frame.onload = () => resolve(frame.contentDocument === null && frame.contentWindow!.length > 0)
          frame.onerror = () => resolve(false)
          document.body.append(frame)
          setTimeout(() => {
            frame.remove()
            resolve(false)
          }, 200)
        }),
      }
      return Promise.all(Object.values(tries))
    }, address)
    expect(reached).toEqual([false, false, false, false])
    expect(visits).toBe(0)
  })
})

describe('nothing leads away', () => {
  it.each([
    ['an address', (url: string) => void (location.href = url)],
    [
      'a link',
      (url: string) => {
        const link = document.createElement('a')
        link.href = url
        document.body.append(link)
        link.click()
        link.remove()
      },
    ],
    [
      'a form',
      (url: string) => {
        const form = document.createElement('form')
        form.action = url
        document.body.append(form)
        form.submit()
        form.remove()
      },
    ],
  ])('by %s', async (_name, leave) => {
    await launched.page.evaluate(leave, address)
    await launched.page.waitForTimeout(150)
    expect(launched.page.url().split('#')[0]).toBe(start)
    expect(visits).toBe(0)
  })

  it('by a new window', async () => {
    const opened = await launched.page.evaluate(
      (url) => window.open(url) === null && window.open('about:blank') === null,
      address,
    )
    expect(opened).toBe(true)
    expect(launched.app.windows()).toHaveLength(1)
  })

  it('by a webview, a download or a file', async () => {
    const inert = await launched.page.evaluate((url) => {
      const view = document.createElement('webview') as HTMLElement & { src?: string; loadURL?: unknown }
      view.setAttribute('src', url)
      document.body.append(view)
      const plain = view.loadURL === undefined
      view.remove()
      const link = document.createElement('a')
      link.href = URL.createObjectURL(new Blob(['x']))
      link.download = 'x.txt'
      link.click()
      location.href = 'file:///etc/passwd'
      return plain
    }, address)
    expect(inert).toBe(true)
    await launched.page.waitForTimeout(150)
    expect(launched.page.url().split('#')[0]).toBe(start)
    expect(visits).toBe(0)
  })

  it('not even for the app itself: its session loads nothing remote', async () => {
    const loaded = await launched.app.evaluate(async ({ BrowserWindow }, url) => {
      const window = new BrowserWindow({ show: false })
      const outcome = await window.loadURL(url).then(
        () => 'loaded',
        () => 'refused',
      )
      window.destroy()
      return outcome
    }, address)
    expect(loaded).toBe('refused')
    expect(visits).toBe(0)
  })
})

describe('permissions', () => {
  it.each(['geolocation', 'notifications', 'camera', 'microphone', 'clipboard-read', 'midi'])(
    '%s is denied',
    async (name) => {
      const state = await launched.page.evaluate(
        async (permission) => (await navigator.permissions.query({ name: permission as PermissionName })).state,
        name,
      )
      expect(state).toBe('denied')
    },
  )

  it('requests are denied too', async () => {
    const answers = await launched.page.evaluate(async () => [
      await Notification.requestPermission(),
      await navigator.mediaDevices.getUserMedia({ audio: true }).then(
        () => 'granted',
        (error: Error) => error.name,
      ),
      await new Promise<string>((resolve) => {
        navigator.geolocation.getCurrentPosition(
          () => resolve('granted'),
          ({ code }) => resolve(code === 1 ? 'denied' : `error ${code}`),
        )
      }),
    ])
    expect(answers).toEqual(['denied', expect.stringMatching(/NotAllowedError|NotFoundError/), 'denied'])
  })
})

describe('the main process', () => {
  it('answers only the page of the app', async () => {
    const answers = await launched.app.evaluate(async ({ BrowserWindow }) => {
      // A window with every privilege, which no page of ours has: only the check of the sender is left.
      const window = new BrowserWindow({
        show: false,
        webPreferences: { nodeIntegration: true, contextIsolation: false, sandbox: false },
      })
      await window.loadURL('data:text/html,x')
      const before = BrowserWindow.getAllWindows().length
      const asked = (await window.webContents.executeJavaScript(`(async () => {
        const { ipcRenderer } = require('electron')
        let ports = 0
        ipcRenderer.on('gatehouse:port', () => ports++)
        ipcRenderer.send('gatehouse:connect')
        ipcRenderer.send('gatehouse:open-window', '/')
        const refused = await Promise.all(['gatehouse:choose-folder', 'gatehouse:choose-file', 'gatehouse:choose-new-file']
          .map((channel) => ipcRenderer.invoke(channel, 'har').then(() => 'answered', (error) => error.message)))
        await new Promise((resolve) => setTimeout(resolve, 100))
        return { ports, refused }
      })()`)) as { ports: number; refused: string[] }
      const windows = BrowserWindow.getAllWindows().length - before
      window.destroy()
      return { ...asked, windows }
    })
    expect(answers.ports).toBe(0)
    expect(answers.windows).toBe(0)
    expect(answers.refused).toHaveLength(3)
    for (const text of answers.refused) expect(text).toContain('not a page of this app')
  })
})
