/** The guides, in the order in which they are read. Each is a file in `guides`. */
export const GUIDES = [
  'quickstart',
  'commands',
  'streams',
  'files',
  'presets',
  'webhooks',
  'agents',
  'older-form',
  'errors',
  'settings',
  'self-hosting',
  'deploying',
  'capacity',
  'limits',
  'decisions',
] as const

export type Guide = (typeof GUIDES)[number]

/** Where the service shows a guide. */
export function pathOf(guide: string): string {
  return `/docs/guides/${guide}`
}
