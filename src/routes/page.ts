import { type Route, route } from './route.ts'

const page = (origin: string, version: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Tollgate</title>
<link rel="icon" href="/ui/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/ui/page.css">
</head>
<body>
<main>
<h1>Tollgate</h1>
<p>An LLM gateway: every model behind one endpoint, budgets that cannot be overspent.</p>
<p>Point the OpenAI SDK of any language here:</p>
<pre><code>base_url = "${escapeHtml(origin)}/v1"
api_key  = "sk-…"</code></pre>
<ul>
<li><a href="/openapi.json">Every route, as OpenAPI</a></li>
<li><a href="/health/readiness">Is it ready?</a></li>
</ul>
<p class="version">version ${escapeHtml(version)}</p>
</main>
</body>
</html>
`

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`)
}

const home = route({
  method: 'GET',
  paths: ['/'],
  access: 'public',
  tag: 'About',
  summary: 'A page that says what this is.',
  handle: ({ deps, request }) =>
    new Response(page(new URL(request.url).origin, deps.gateway.version), {
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy':
          "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'",
        'x-content-type-options': 'nosniff',
        'cache-control': 'public, max-age=300',
      },
    }),
})

export const pageRoutes: readonly Route[] = [home]
