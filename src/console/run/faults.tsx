import type { Fault } from '../api/types.ts'

/** What is wrong with a field, told as it changes. */
export function Faults({ id, faults }: { id: string; faults: readonly Fault[] }) {
  return (
    <ul id={id} class="faults" aria-live="polite">
      {faults.map(({ msg }) => (
        <li key={msg}>{msg}</li>
      ))}
    </ul>
  )
}

/** The faults of one field, and of what is inside it. */
export function faultsAt(faults: readonly Fault[], ...loc: (string | number)[]): Fault[] {
  return faults.filter((fault) => loc.every((part, index) => fault.loc[index] === part))
}
