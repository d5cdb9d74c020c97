import type { Server } from 'node:http'
import { WebSocketServer } from 'ws'
import type { Store } from './store.ts'

/**
 * WebSocket at `/ws`: greets, sends back every message as it came, and tells the shop's news to everyone.
 * Returns what ends all connections at once.
 */
export function serveNotifications(server: Server, store: Store): () => void {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: 1024 * 1024,
    handleProtocols: (offered) => (offered.has('bookshop.v1') ? 'bookshop.v1' : false),
  })
  sockets.on('connection', (socket) => {
    socket.on('error', () => socket.terminate())
    socket.on('message', (data, binary) => socket.send(data, { binary }))
    socket.send(JSON.stringify({ type: 'welcome' }))
  })
  store.news.on('news', (news) => {
    for (const socket of sockets.clients) socket.send(JSON.stringify(news))
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    if ((request.url ?? '').split('?')[0] !== '/ws') {
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (accepted) => sockets.emit('connection', accepted, request))
  })
  return () => {
    for (const socket of sockets.clients) socket.terminate()
    sockets.close()
  }
}
