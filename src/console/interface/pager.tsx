import { route, withQuery } from '../route.ts'
import { Icon } from './icon.tsx'

/** The page that the address names, from 1. */
export function currentPage(): number {
  const page = Number(route.value.query.get('page') ?? 1)
  return Number.isInteger(page) && page > 0 ? page : 1
}

/** Links to the pages before and after; nothing where all fits on one. */
export function Pager({ total, pageSize }: { total: number; pageSize: number }) {
  const page = currentPage()
  const pages = Math.max(1, Math.ceil(total / pageSize))
  if (pages === 1 && page === 1) return null
  return (
    <nav class="pager" aria-label="Pages">
      {page > 1 ? (
        <a class="button quiet" href={withQuery({ page: page === 2 ? null : String(page - 1) })}>
          <Icon name="left" />
          Newer
        </a>
      ) : (
        <span />
      )}
      <span>
        Page {page} of {pages}
      </span>
      {page < pages ? (
        <a class="button quiet" href={withQuery({ page: String(page + 1) })}>
          Older
          <Icon name="right" />
        </a>
      ) : (
        <span />
      )}
    </nav>
  )
}
