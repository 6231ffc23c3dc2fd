import { Icon } from './interface/icon.tsx'
import { type Theme, theme } from './theme.ts'

const CHOICES = [
  { value: 'system', icon: 'system', label: 'As the system' },
  { value: 'light', icon: 'sun', label: 'Light' },
  { value: 'dark', icon: 'moon', label: 'Dark' },
] as const satisfies { value: Theme; icon: string; label: string }[]

export function ThemeSwitch() {
  return (
    <fieldset class="theme-switch">
      <legend class="hidden">Colours</legend>
      {CHOICES.map(({ value, icon, label }) => (
        <label key={value} title={label}>
          <input
            type="radio"
            name="theme"
            class="hidden"
            checked={theme.value === value}
            onChange={() => {
              theme.value = value
            }}
          />
          <Icon name={icon} />
          <span class="hidden">{label}</span>
        </label>
      ))}
    </fieldset>
  )
}
