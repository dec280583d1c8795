/** Runs inside workerd as the ASSETS binding: files from disk, with the types that browsers insist on. */

interface Env {
  readonly DISK: { fetch: typeof fetch }
}

const TYPES: Record<string, string> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  ico: 'image/x-icon',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
  map: 'application/json',
  png: 'image/png',
  svg: 'image/svg+xml',
  txt: 'text/plain; charset=utf-8',
  webmanifest: 'application/manifest+json',
  woff2: 'font/woff2',
}

const handlers = {
  async fetch(request: Request, env: Env): Promise<Response> {
    if (request.method !== 'GET' && request.method !== 'HEAD') return new Response(null, { status: 405 })
    const { pathname } = new URL(request.url)
    const path = pathname.endsWith('/') ? `${pathname}index.html` : pathname
    const type = TYPES[path.slice(path.lastIndexOf('.') + 1)]
    if (!type) return new Response(null, { status: 404 }) // a folder would be listed
    const file = await env.DISK.fetch(`http://disk${path}`, { method: request.method })
    return file.ok
      ? new Response(file.body, { headers: { 'content-type': type } })
      : new Response(null, { status: file.status })
  },
}
// biome-ignore lint/style/noDefaultExport: workerd finds a module Worker's handlers in its default export
export default handlers
