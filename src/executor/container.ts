/** FFmpeg in a Cloudflare Container: answers the executor protocol, and has nothing to reach and nothing to steal. */
import { Container } from '@cloudflare/containers'

export class Executor extends Container<Env> {
  override defaultPort = 8080
  override requiredPorts = [8080]
  override enableInternet = false
  override envVars = {}
  override sleepAfter = '5m'
  override pingEndpoint = 'localhost/v1/health'
}
