/** From a guide's Markdown to the HTML of its page. */
import hljs from 'highlight.js/lib/common'
import MarkdownIt from 'markdown-it'
import { pathOf } from './contents.ts'

const markdown = new MarkdownIt({ highlight })
// What can be scrolled sideways must be in reach of the keyboard.
const { fence } = markdown.renderer.rules
markdown.renderer.rules.fence = (...given) => (fence?.(...given) ?? '').replace('<pre>', '<pre tabindex="0">')
markdown.renderer.rules.table_open = () => '<div class="table" tabindex="0"><table>'
markdown.renderer.rules.table_close = () => '</table></div>'
markdown.core.ruler.push('anchors', ({ tokens }) => {
  for (const [index, token] of tokens.entries()) {
    if (token.type === 'heading_open') token.attrSet('id', anchorOf(tokens[index + 1]?.content ?? ''))
  }
})
markdown.core.ruler.push('links', ({ tokens }) => {
  for (const token of tokens.flatMap(({ children }) => children ?? [])) {
    const href = token.attrGet('href')
    if (href) token.attrSet('href', pageOf(String(href)))
  }
})

/** The title of a guide is its first heading. */
export function titleOf(source: string): string {
  return /^# (.+)$/m.exec(source)?.[1] ?? ''
}

export function render(source: string): string {
  return markdown.render(source)
}

/** Empty for what is shown as it is. */
function highlight(code: string, language: string): string {
  const name = language === 'jsonc' ? 'json' : language
  return hljs.getLanguage(name) ? hljs.highlight(code, { language: name }).value : ''
}

/** As forges make them, so that the same links work there. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{Letter}\p{Number}\s-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-')
}

/** A file beside it is a page here. */
function pageOf(href: string): string {
  const match = /^([a-z-]+)\.md(#.*)?$/.exec(href)
  return match ? pathOf(match[1] ?? '') + (match[2] ?? '') : href
}
