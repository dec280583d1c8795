import { describe, expect, it } from 'vitest'
import { deliverOwn, guarded } from '../../../src/deps/own-sinks.ts'
import { ownersIn, ownShares, placeOf, type StoredCallback } from '../../../src/observe/callbacks.ts'
import { consumeDeliveries } from '../../../src/observe/consumer.ts'
import { deliveriesIn, enqueue } from '../../../src/observe/deliveries.ts'
import { Pauses } from '../../../src/observe/pauses.ts'
import { keyRing, sealer } from '../../../src/seal.ts'
import { spendEventOf } from '../../support/spend-event.ts'

const ring = keyRing([sealer('salt', (bytes) => crypto.getRandomValues(bytes))])
const OPERATORS = 'operator-secret-value'

async function stored(owner: string, more: Partial<StoredCallback> = {}, vars: object = {}): Promise<StoredCallback> {
  const name = more.callback_name ?? 'generic_api'
  const { keyId, text } = await ring.seal(JSON.stringify(vars), placeOf(owner, name))
  return {
    callback_name: name,
    callback_type: 'success_and_failure',
    callback_vars: {},
    key_id: keyId,
    sealed: text,
    ...more,
  }
}

const of = (team: string | null, id: string, more = {}) => spendEventOf({ id, team_id: team, ...more })

describe('whom owners want told', () => {
  it('gets the events of its team or key alone, by how they ended', async () => {
    const events = [
      of('red', '1', { key_id: 'k1' }),
      of('red', '2', { key_id: 'k2', status: 'failure' }),
      of('blue', '3', { key_id: 'k3' }),
      of(null, '4', { key_id: 'red' }),
    ]
    expect(ownersIn(events)).toEqual(['key:k1', 'team:red', 'key:k2', 'key:k3', 'team:blue', 'key:red'])
    const callbacks = new Map([
      [
        'team:red',
        [await stored('team:red'), await stored('team:red', { callback_name: 'sentry', callback_type: 'failure' })],
      ],
      ['key:k2', [await stored('key:k2', { callback_type: 'success' })]],
    ] as const)
    const shares = ownShares(events, callbacks, false).map(({ sink, of, events }) => [
      of,
      sink,
      events.map(({ id }) => id),
    ])
    expect(shares).toEqual([
      ['team:red', 'generic_api', ['1', '2']],
      ['team:red', 'sentry', ['2']],
    ])
    const [redacted] = ownShares(events, callbacks, true)
    expect(redacted?.events.map(({ team_id, key_id }) => [team_id, key_id])).toEqual([
      [null, ''],
      [null, ''],
    ])
  })

  it('travels through the queue with its owner', async () => {
    const sent: unknown[] = []
    await enqueue({ sendBatch: async (all) => void sent.push(...[...all].map(({ body }) => body)) }, [
      { sink: 'otel', of: 'team:r"ed', events: [of('red', '1')] },
    ])
    expect(deliveriesIn(sent[0])).toMatchObject([{ sink: 'otel', of: 'team:r"ed', events: [{ id: '1' }] }])
  })
})

describe('a delivery to a sink of a team', () => {
  const delivery = { sink: 'generic_api', of: 'team:t', events: [of('t', '1')] }

  async function told(vars: object, over: { owner?: string; allowedHosts?: string[] } = {}) {
    const went: { url: string; headers: Headers }[] = []
    const entry = await stored(over.owner ?? 'team:t', {}, vars)
    await deliverOwn(delivery, 'd1', {
      callbacks: async () => new Map([['team:t', [entry]]]),
      ring: () => ring,
      variable: (name) => (name === 'TEAM_HOOK' ? 'https://hook.example.com/named' : OPERATORS),
      allowedHosts: over.allowedHosts ?? [],
      version: 'test',
      clock: () => 0,
      fetch: (async (url: string, init: RequestInit) => {
        went.push({ url, headers: new Headers(init.headers) })
        return new Response('ok')
      }) as typeof fetch,
    })
    return went
  }

  it('goes where its owner said, with nothing of the operator’s', async () => {
    const [went] = await told({ generic_logger_endpoint: 'https://hook.example.com/in' })
    expect(went?.url).toBe('https://hook.example.com/in')
    expect(went?.headers.has('x-tollgate-signature')).toBe(false)
    expect(JSON.stringify([...went!.headers])).not.toContain(OPERATORS)
  })

  it('goes to what a variable of the gateway holds, where its owner named one', async () => {
    const [went] = await told({ generic_logger_endpoint: 'os.environ/TEAM_HOOK' })
    expect(went?.url).toBe('https://hook.example.com/named')
  })

  it('lacks what its owner did not say, though the operator has it', async () => {
    await expect(told({})).rejects.toThrow('GENERIC_LOGGER_ENDPOINT')
  })

  it('does not open what was sealed for another', async () => {
    await expect(told({ generic_logger_endpoint: 'https://a.example.com' }, { owner: 'team:other' })).rejects.toThrow(
      'set them again',
    )
  })

  it.each([
    'http://127.0.0.1/x',
    'https://10.1.2.3/',
    'https://[::1]/',
    'http://hook.example.com/',
    'https://2130706433/',
  ])('does not go to %s', async (generic_logger_endpoint) => {
    await expect(told({ generic_logger_endpoint })).rejects.toThrow('could not be reached')
  })

  it('that was taken away since is told no more', async () => {
    await expect(
      deliverOwn(delivery, 'd1', {
        callbacks: async () => new Map(),
        ring: () => ring,
        variable: () => undefined,
        allowedHosts: [],
        version: 'test',
        clock: () => 0,
        fetch: () => Promise.reject(new Error('never asked')),
      }),
    ).resolves.toBeUndefined()
  })

  it('reads the beginning of an endless answer and follows nobody', async () => {
    let chunks = 0
    const endless = new ReadableStream({
      pull(controller) {
        chunks += 1
        controller.enqueue(new Uint8Array(16 * 1024))
      },
    })
    let redirect: RequestInit['redirect']
    const fetcher = guarded(
      (async (_: string, init: RequestInit) => {
        redirect = init.redirect
        return new Response(endless)
      }) as typeof fetch,
      [],
    )
    expect((await (await fetcher('https://example.com', { redirect: 'follow' })).arrayBuffer()).byteLength).toBe(
      64 * 1024,
    )
    expect(chunks).toBeLessThan(10)
    expect(redirect).toBe('manual')
  })
})

describe('sinks of teams in the queue', () => {
  function message(id: string, sink: string, owner: string | undefined, attempts = 1) {
    const done: (string | number)[] = []
    const body = JSON.stringify({ v: 2, sinks: [sink], ...(owner ? { of: owner } : {}), events: [of('t', id)] })
    return {
      body,
      attempts,
      done,
      ack: () => void done.push('ack'),
      retry: (o?: { delaySeconds?: number }) => void done.push(o?.delaySeconds ?? 0),
    }
  }

  it('that take seconds each keep the operator’s from nothing, and one another from no turn', async () => {
    let nowMs = 0
    const order: string[] = []
    const slow = Array.from({ length: 20 }, (_, n) => message(`slow${n}`, 'otel', 'team:slow'))
    const [fair, operators] = [message('fair', 'otel', 'team:fair'), message('op', 'otel', undefined)]
    await consumeDeliveries([...slow, fair, operators], {
      deliver: async ({ events: [told] }) => {
        order.push(told!.id)
        if (told!.id.startsWith('slow')) nowMs += 5_000
      },
      clock: () => nowMs,
      failed: () => {},
      pauses: new Pauses(),
    })
    expect(order[0]).toBe('op')
    expect([operators.done, fair.done]).toEqual([['ack'], ['ack']])
    const tried = slow.filter(({ done }) => done[0] === 'ack').length
    // Three take up the time; at most as many again were on their way when it was over.
    expect(tried).toBeGreaterThanOrEqual(3)
    expect(tried).toBeLessThanOrEqual(7)
    expect(slow.at(-1)?.done).toEqual([2])
  })

  it('that never take anything are given up after twelve tries; the operator’s are not', async () => {
    const [young, old, operators] = [
      message('1', 'otel', 'team:t', 11),
      message('2', 'otel', 'team:u', 12),
      message('3', 'otel', undefined, 99),
    ]
    await consumeDeliveries([young, old, operators], {
      deliver: () => Promise.reject(new Error('no')),
      clock: () => 0,
      failed: () => {},
      pauses: new Pauses(),
    })
    expect([young.done, old.done, operators.done]).toEqual([[900], ['ack'], [900]])
  })
})
