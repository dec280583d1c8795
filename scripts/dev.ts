// npm run dev: the gateway on this machine, with all it needs. Imports nothing before it can explain what is missing.
try {
  const { dev } = await import('./local/dev.ts')
  process.exitCode = await dev(process.argv.slice(2))
} catch (error) {
  const missing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
  const reason = error instanceof Error ? error.message : String(error)
  console.error(missing ? `A package is missing (${reason}). Run \`npm ci\`, then start again.` : reason)
  process.exitCode = 1
}
process.exit()

export {}
