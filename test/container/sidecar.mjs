/**
 * Stands in for the image through which workerd reaches a local container's ports, where no registry has the real one: it shares the
 * container's network, passes each HTTP CONNECT on to the address that its `X-Dst-Addr` header names, and lets nothing out.
 */
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { 'http-ingress-address': { type: 'string' } }, strict: false })
const [host, port] = hostAndPort(String(values['http-ingress-address']))

/** @returns {[string, number]} */
function hostAndPort(address) {
  const colon = address.lastIndexOf(':')
  return [address.slice(0, colon).replace(/^\[|\]$/g, '') || '0.0.0.0', Number(address.slice(colon + 1))]
}

const server = createServer((_request, response) => response.end())
server.on('connect', (request, client, head) => {
  const [targetHost, targetPort] = hostAndPort(String(request.headers['x-dst-addr'] ?? request.url))
  const target = connect(targetPort, targetHost === '0.0.0.0' ? '127.0.0.1' : targetHost)
  target.once('connect', () => {
    client.write('HTTP/1.1 200 OK\r\n\r\n')
    target.write(head)
    target.pipe(client).pipe(target)
  })
  target.on('error', (error) => client.end(`HTTP/1.1 502 Bad Gateway\r\nContent-Length: ${error.message.length}\r\n\r\n${error.message}`))
  client.on('error', () => target.destroy())
  client.on('close', () => target.destroy())
})
process.on('SIGTERM', () => process.exit(0))
server.listen(port, host)
