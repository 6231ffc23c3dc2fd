/** What a deployment needs in the Cloudflare account, and which of it is not there yet. Pure. */

/** Names as `wrangler.toml` has them. */
export interface Needs {
  buckets: string[]
  queues: string[]
  /** `id` is the namespace's own once someone has filled it in. */
  kvNamespace: { title: string; id: string }
  secrets: string[]
}

/** What wrangler lists, as it prints it. */
export interface Inventory {
  /** `wrangler r2 bucket list` */
  buckets: string
  /** `wrangler queues list` */
  queues: string
  /** `wrangler kv namespace list`, parsed */
  kvNamespaces: { id: string; title: string }[]
  /** `wrangler secret list`, parsed; none where the Worker does not exist yet. */
  secrets: { name: string }[]
}

export interface Missing {
  what: string
  /** What makes it. */
  remedy: string
}

const KV_ID = /^[0-9a-f]{32}$/

/** @param environment the section of `wrangler.toml` that is deployed */
export function missingFrom(needs: Needs, inventory: Inventory, environment: string): Missing[] {
  const lists = (listing: string, name: string) => listing.split(/[\s│|]+/).includes(name)
  return [
    ...needs.buckets
      .filter((name) => !lists(inventory.buckets, name))
      .map((name) => ({ what: `R2 bucket ${name}`, remedy: `npx wrangler r2 bucket create ${name}` })),
    ...needs.queues
      .filter((name) => !lists(inventory.queues, name))
      .map((name) => ({ what: `queue ${name}`, remedy: `npx wrangler queues create ${name}` })),
    ...missingNamespace(needs.kvNamespace, inventory.kvNamespaces, environment),
    ...needs.secrets
      .filter((name) => !inventory.secrets.some((secret) => secret.name === name))
      .map((name) => ({ what: `secret ${name}`, remedy: `openssl rand -hex 32 | npx wrangler secret put ${name} --env ${environment}` })),
  ]
}

function missingNamespace({ title, id }: Needs['kvNamespace'], there: Inventory['kvNamespaces'], environment: string): Missing[] {
  if (there.some((namespace) => namespace.id === id)) return []
  const place = `id at [[env.${environment}.kv_namespaces]] in wrangler.toml`
  const known = there.find((namespace) => namespace.title === title)
  if (known) return [{ what: `the KV namespace's id in wrangler.toml`, remedy: `write ${known.id} as ${place}` }]
  const what = KV_ID.test(id) ? `KV namespace ${id}` : `KV namespace ${title}`
  return [{ what, remedy: `npx wrangler kv namespace create ${title}, and write the id that it prints as ${place}` }]
}
