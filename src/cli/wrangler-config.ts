/** `wrangler.toml` as wrangler reads it. */
import { createRequire } from 'node:module'
import path from 'node:path'
import { z } from 'zod'
import { PROJECT_ROOT } from './settings.ts'

/** Required, since Node takes longer to search so large a CommonJS file for the names in it than to run it. */
const { unstable_readConfig }: typeof import('wrangler') = createRequire(import.meta.url)('wrangler')

/** The sections that this project's own commands and tests look at. */
const configSchema = z.object({
  vars: z.record(z.string(), z.string()),
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()),
  limits: z.object({ cpu_ms: z.number() }),
  durable_objects: z.object({
    bindings: z.array(z.object({ name: z.string(), class_name: z.string() })),
    code_update_strategy: z.object({ mode: z.string(), max_delay: z.number() }).optional(),
  }),
  assets: z.object({ directory: z.string(), not_found_handling: z.string(), run_worker_first: z.array(z.string()) }),
  migrations: z.array(z.object({ tag: z.string(), new_sqlite_classes: z.array(z.string()).default([]) })),
  kv_namespaces: z.array(z.object({ binding: z.string(), id: z.string() })),
  r2_buckets: z.array(z.object({ binding: z.string(), bucket_name: z.string() })),
  queues: z.object({
    producers: z.array(z.object({ binding: z.string(), queue: z.string() })),
    consumers: z.array(z.object({ queue: z.string(), dead_letter_queue: z.string().optional(), max_retries: z.number() })),
  }),
  ratelimits: z.array(z.object({ name: z.string(), simple: z.object({ limit: z.number(), period: z.number() }) })),
  containers: z.array(
    z.object({
      class_name: z.string(),
      instance_type: z.object({ vcpu: z.number(), memory_mib: z.number(), disk_mb: z.number() }).optional(),
      max_instances: z.number().optional(),
      rollout_active_grace_period: z.number().optional(),
    }),
  ),
  observability: z
    .object({
      enabled: z.boolean(),
      redact_query_string: z.boolean(),
      traces: z.object({ enabled: z.boolean(), head_sampling_rate: z.number() }),
    })
    .optional(),
})
export type WranglerConfig = z.output<typeof configSchema>

/** @param environment one of its `[env.…]` sections; undefined for what stands above them */
export function readWranglerConfig(environment?: string): WranglerConfig {
  const config = path.join(PROJECT_ROOT, 'wrangler.toml')
  return configSchema.parse(unstable_readConfig({ config, ...(environment !== undefined && { env: environment }) }))
}
