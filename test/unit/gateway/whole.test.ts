import { describe, expect, it, vi } from 'vitest'
import { gatewayWorld } from '../../support/gateway-world.ts'

const MIB = 1024 * 1024
const ask = { model: 'small', messages: [{ role: 'user', content: 'hi' }], max_tokens: 10 }

describe('an answer that is read whole', () => {
  it('is let go of where it never ends, and may be billed all the same', async () => {
    let read = 0
    const cancel = vi.fn()
    const piece = new TextEncoder().encode(' '.repeat(MIB))
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull(controller) {
          read += 1
          controller.enqueue(piece)
        },
        cancel,
      })
    const world = gatewayWorld(() => new Response(endless()))
    await expect(world.ask(ask)).rejects.toMatchObject({ kind: 'upstream_failed', details: { retry: false } })
    await world.rest()
    expect(read).toBeLessThan(70)
    expect(cancel).toHaveBeenCalledOnce()
    expect(world.rows()).toMatchObject([{ status: 'failure', usage_estimated: true }])
  })

  it('is not begun where it says that it is too long', async () => {
    const cancel = vi.fn()
    const body = new ReadableStream<Uint8Array>({ cancel })
    const world = gatewayWorld(() => new Response(body, { headers: { 'content-length': String(65 * MIB) } }))
    await expect(world.ask(ask)).rejects.toMatchObject({ kind: 'upstream_failed' })
    expect(cancel).toHaveBeenCalledOnce()
  })
})
