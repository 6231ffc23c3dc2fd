import { DurableObject } from 'cloudflare:workers'
export class Command extends DurableObject {}
export class Account extends DurableObject {}
export class Executor extends DurableObject {}
export default { fetch: () => new Response('ok') } satisfies ExportedHandler
