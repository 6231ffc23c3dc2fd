// Runs in the page of the reference, after Scalar's own script. Nothing of it asks another host.
globalThis.Scalar.createApiReference('#reference', {
  url: '/openapi.json',
  withDefaultFonts: false,
  telemetry: false,
  hideClientButton: true,
  showDeveloperTools: 'never',
  persistAuth: false,
  agent: { disabled: true },
  mcp: { disabled: true },
  theme: 'none',
  defaultHttpClient: { targetKey: 'shell', clientKey: 'curl' },
})
