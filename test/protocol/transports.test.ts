import { MessageChannel } from 'node:worker_threads'
import { WebSocket, WebSocketServer } from 'ws'
import type { AddressInfo } from 'node:net'
import { messagePortTransport } from '../../gateway-core/protocol/transport-message-port.ts'
import { webSocketTransport } from '../../gateway-core/protocol/transport-web-socket.ts'
import { transportContract } from './transport-contract.ts'

transportContract({
  name: 'a message port',
  async open(accept) {
    const ports: { close(): void }[] = []
    return {
      async connect() {
        const { port1, port2 } = new MessageChannel()
        ports.push(port1, port2)
        accept(messagePortTransport(port1))
        return messagePortTransport(port2)
      },
      async close() {
        for (const port of ports) port.close()
      },
    }
  },
})

transportContract({
  name: 'a port of the web on one side and of Electron on the other',
  async open(accept) {
    const ports: { close(): void }[] = []
    return {
      async connect() {
        const { port1, port2 } = new globalThis.MessageChannel()
        ports.push(port1, port2)
        // Electron's port tells its messages as events with `data`, through `on`.
        const electron = {
          postMessage: (message: unknown) => port1.postMessage(message),
          on: (type: string, listener: (event: unknown) => void) =>
            port1.addEventListener(type, (event) => listener({ data: (event as MessageEvent).data, ports: [] })),
          start: () => port1.start(),
          close: () => port1.close(),
        }
        accept(messagePortTransport(electron as never))
        return messagePortTransport(port2 as never)
      },
      async close() {
        for (const port of ports) port.close()
      },
    }
  },
})

transportContract({
  name: 'a WebSocket',
  async open(accept) {
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    server.on('connection', (socket) => accept(webSocketTransport(socket as never)))
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    return {
      async connect() {
        const socket = new WebSocket(`ws://127.0.0.1:${port}`)
        await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
        return webSocketTransport(socket as never)
      },
      async close() {
        for (const client of server.clients) client.terminate()
        await new Promise((resolve) => server.close(resolve))
      },
    }
  },
})
