import { route, withQuery } from '../route.ts'

export interface FilterOption {
  /** Null is everything. */
  value: string | null
  label: string
}

/** Links that show a part of a list: the choice stands in the address. */
export function Filter({ parameter, label, options }: { parameter: string; label: string; options: readonly FilterOption[] }) {
  const chosen = route.value.query.get(parameter)
  return (
    <nav class="segments" aria-label={label}>
      {options.map(({ value, label: name }) => (
        <a key={name} href={withQuery({ [parameter]: value, page: null })} aria-current={chosen === value ? 'page' : undefined}>
          {name}
        </a>
      ))}
    </nav>
  )
}
