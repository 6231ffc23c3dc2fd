export function Wordmark() {
  return (
    <span class="wordmark">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="9" />
        <path d="M12 9.5v13l11-6.5z" />
      </svg>
      RenderIO
    </span>
  )
}
