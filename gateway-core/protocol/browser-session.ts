import type { Transport } from './frames.ts'
import { closeCodes, webSocketTransport, type WebSocketLike } from './transport-web-socket.ts'

/** First frames of a browser's connection, before the protocol begins: a secret, and what it is good for from now on. */
export type HelloFrame = { t: 'hello'; token: string } | { t: 'hello'; key: string }
export interface WelcomeFrame {
  t: 'welcome'
  /** Key of this session: shown instead of the token, which is used up. */
  key: string
}

export interface BrowserSessionOptions {
  /** `ws:` or `wss:` address of the core. */
  url: string
  /** One-time token from the address bar, where there is one. */
  token?: string
  /** Where the key stays while the tab is open: `sessionStorage`. */
  storage: {
    getItem(name: string): string | null
    setItem(name: string, value: string): void
    removeItem(name: string): void
  }
  /** Makes the socket; the browser's own without it. */
  socket?: (url: string) => WebSocketLike & { addEventListener(type: 'open', listener: () => void): void }
}

const keyName = 'gatehouse session'

/** The core refused the key and the token: somebody has to open the address that it printed. */
export class NotAdmitted extends Error {
  constructor() {
    super('the core does not know this page: open the address that it printed when it started')
    this.name = 'NotAdmitted'
  }
}

/**
 * The `connect` of a page: opens the socket, shows token or key as the first frame, keeps the key. The token is used
 * once; it stays valid for this function's callers only as the key that it was exchanged for.
 */
export function browserSession(options: BrowserSessionOptions): () => Promise<Transport> {
  const { url, storage } = options
  let { token } = options
  const make = options.socket ?? ((address: string) => new WebSocket(address) as never)
  return () =>
    new Promise((resolve, reject) => {
      const key = storage.getItem(keyName)
      if (token === undefined && key === null) {
        reject(new NotAdmitted())
        return
      }
      const socket = make(url)
      let admitted = false
      socket.addEventListener('open', () => {
        const hello: HelloFrame = token === undefined ? { t: 'hello', key: key! } : { t: 'hello', token }
        socket.send(JSON.stringify(hello))
      })
      socket.addEventListener('close', ({ code }) => {
        if (admitted) return
        if (code === closeCodes.unauthorized) {
          // A used token with a good key is a page that was loaded again.
          if (token !== undefined && key !== null) token = undefined
          else storage.removeItem(keyName)
          reject(new NotAdmitted())
        } else reject(new Error('the core cannot be reached'))
      })
      socket.addEventListener('error', () => undefined)
      socket.addEventListener('message', ({ data }) => {
        if (admitted) return
        const welcome = JSON.parse(String(data)) as WelcomeFrame
        admitted = true
        token = undefined
        storage.setItem(keyName, welcome.key)
        // It listens from now on: this very frame is not its own.
        resolve(webSocketTransport(socket))
      })
    })
}
