/**
 * What everything is measured against: the least a proxy for language models can do in a Worker. It reads the body, as
 * any that must know the model has to, and asks the provider. Fixed: figures of different versions are compared by it.
 */
const handlers = {
  async fetch(request: Request, env: { readonly UPSTREAM: string }): Promise<Response> {
    const body = await request.text()
    const headers = { 'content-type': 'application/json', authorization: 'Bearer sk-bench' }
    return fetch(env.UPSTREAM, { method: 'POST', headers, body })
  },
}
// biome-ignore lint/style/noDefaultExport: workerd finds a module Worker's handlers in its default export
export default handlers
