/**
 * Stands in for the image through which workerd reaches a local container's ports, where no registry has the real one: it shares the
 * container's network, passes each HTTP CONNECT on to the address that its `X-Dst-Addr` header names, and lets nothing out.
 */
import { execFileSync } from 'node:child_process'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { parseArgs } from 'node:util'

const { values } = parseArgs({ options: { 'http-ingress-address': { type: 'string' } }, strict: false })
const ingress = splitAddress(String(values['http-ingress-address']))

function splitAddress(address) {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }
}

for (const rule of ['-A OUTPUT -o lo -j ACCEPT', '-A OUTPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT', '-A OUTPUT -j REJECT']) {
  execFileSync('iptables', rule.split(' '))
}

const server = createServer((_request, response) => response.end())
server.on('connect', (request, client, head) => {
  const { host, port } = splitAddress(String(request.headers['x-dst-addr'] ?? request.url))
  const target = connect(port, host === '0.0.0.0' ? '127.0.0.1' : host)
  target.once('connect', () => {
    client.write('HTTP/1.1 200 OK\r\n\r\n')
    target.write(head)
    target.pipe(client).pipe(target)
  })
  target.on('error', ({ message }) => client.end(`HTTP/1.1 502 Bad Gateway\r\nContent-Length: ${message.length}\r\n\r\n${message}`))
  client.on('error', () => target.destroy())
  client.on('close', () => target.destroy())
})
process.on('SIGTERM', () => process.exit(0))
server.listen(ingress.port, ingress.host)
