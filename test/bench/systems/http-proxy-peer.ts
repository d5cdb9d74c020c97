/** A gateway of a few lines around the package `http-proxy`, as its readme shows it, with connections that are kept. */
import { Agent, createServer } from 'node:http'
import httpProxy from 'http-proxy'

const [port, upstreamPort] = process.argv.slice(2).map(Number)
const agent = new Agent({ keepAlive: true, maxSockets: 256 })
const proxy = httpProxy.createProxyServer({ target: `http://127.0.0.1:${upstreamPort}`, agent })
proxy.on('error', (error, _request, response) => {
  console.error(error.message)
  if ('writeHead' in response) response.writeHead(502)
  response.end()
})
createServer((request, response) => proxy.web(request, response)).listen(port, '127.0.0.1')
