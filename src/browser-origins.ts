/** The setting ALLOWED_ORIGINS: whose pages may use the API in a browser. */

export type BrowserOrigins = { everything: true } | { everything: false; origins: ReadonlySet<string> }

/**
 * Reads the setting.
 * @param setting comma-separated origins, such as `https://app.example.com`; `*` allows every page, empty none
 * @throws Error naming the entry that is no origin
 */
export function parseBrowserOrigins(setting: string): BrowserOrigins {
  const entries = setting
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  if (entries.includes('*')) return { everything: true }
  return { everything: false, origins: new Set(entries.map(originOf)) }
}

/** As a browser sends it: without the port that its scheme has anyway. */
function originOf(entry: string): string {
  const url = URL.parse(entry)
  const isOrigin = url !== null && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href
  if (!isOrigin) throw new Error(`ALLOWED_ORIGINS: "${entry}" is no origin, such as https://app.example.com or http://localhost:5173`)
  return url.origin
}
