/** The pages below `/docs`, as HTML. None has a script but the reference. */
import { GUIDES, type Guide, pathOf } from './contents.ts'
import { render, titleOf } from './markdown.ts'

/** Markdown of each guide by its name. */
export type Sources = ReadonlyMap<string, string>

export interface Assets {
  stylesheet: string
  favicon: string
}

export function guidePage(guide: Guide, sources: Sources, assets: Assets): string {
  const source = sources.get(guide) ?? ''
  return page(
    titleOf(source),
    assets,
    '',
    `${navigation(guide, sources)}<main class="guide">${render(source)}${neighbours(guide, sources)}</main>`,
  )
}

export function overviewPage(sources: Sources, assets: Assets): string {
  const items = GUIDES.map((guide) => `<li><a href="${pathOf(guide)}">${titleOf(sources.get(guide) ?? '')}</a></li>`)
  const main = `<main class="guide"><h1>Guides</h1><ol class="contents">${items.join('')}</ol></main>`
  return page('Guides', assets, '', navigation(null, sources) + main)
}

/** @param scripts that make the reference in the page, in order */
export function referencePage(scripts: readonly string[], assets: Assets): string {
  const head = scripts.map((script) => `<script src="${script}" defer></script>`).join('')
  const body =
    '<main id="reference"></main><noscript>The reference needs JavaScript; the same is in <a href="/openapi.json">openapi.json</a>.</noscript>'
  return page('API reference', assets, head, body)
}

function page(title: string, { stylesheet, favicon }: Assets, head: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · RenderIO</title>
<link rel="icon" href="${favicon}" type="image/svg+xml">
<link rel="stylesheet" href="${stylesheet}">
${head}</head>
<body>
<header class="top"><a class="name" href="/"><img src="${favicon}" alt="" width="24" height="24">RenderIO</a>
<nav aria-label="Site"><a href="/docs">Reference</a><a href="/docs/guides">Guides</a><a href="/">Console</a></nav></header>
<div class="page">${body}</div>
</body>
</html>
`
}

function navigation(current: string | null, sources: Sources): string {
  const links = GUIDES.map((guide) => {
    const here = guide === current ? ' aria-current="page"' : ''
    return `<a href="${pathOf(guide)}"${here}>${titleOf(sources.get(guide) ?? '')}</a>`
  })
  return `<nav class="guides" aria-label="Guides">${links.join('')}</nav>`
}

function neighbours(guide: Guide, sources: Sources): string {
  const index = GUIDES.indexOf(guide)
  const link = (name: string | undefined, label: string) =>
    name === undefined ? '<span></span>' : `<a href="${pathOf(name)}"><small>${label}</small>${titleOf(sources.get(name) ?? '')}</a>`
  return `<nav class="neighbours" aria-label="Neighbours">${link(GUIDES[index - 1], 'Before')}${link(GUIDES[index + 1], 'Next')}</nav>`
}
