/** Quantities as people read them. */

/** @param bytes null is unknown */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 999_500) return `${(bytes / 1e3).toPrecision(3)} kB`
  if (bytes < 999_500_000) return `${(bytes / 1e6).toPrecision(3)} MB`
  return `${(bytes / 1e9).toPrecision(3)} GB`
}

export function formatMegabytes(megabytes: number): string {
  return formatBytes(Math.round(megabytes * 1e6))
}

/** `0.8 s`, `12 s`, `2 min 05 s`, `1 h 02 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`
}

/** Of media: `0:05`, `1:02:03`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds)
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), String(whole % 60).padStart(2, '0')]
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`
}

const RELATIVE = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const ABSOLUTE = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

/** `now`, `3 minutes ago`, and the date itself once a day has passed. */
export function formatTime(iso: string): string {
  const seconds = (Date.parse(iso) - Date.now()) / 1000
  if (seconds > -5) return 'now'
  if (seconds > -60) return RELATIVE.format(Math.round(seconds), 'second')
  if (seconds > -3600) return RELATIVE.format(Math.round(seconds / 60), 'minute')
  if (seconds > -86_400) return RELATIVE.format(Math.round(seconds / 3600), 'hour')
  return ABSOLUTE.format(new Date(iso))
}

export function formatExactTime(iso: string): string {
  return ABSOLUTE.format(new Date(iso))
}

/** `1 file`, `3 files`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}
