import { beforeEach, describe, expect, it } from 'vitest'
import { Caller, type HealthWorld } from './health-world.ts'

/** What health promises, whatever isolates share. */
export function healthContract(name: string, make: () => HealthWorld): void {
  describe(`health: ${name}`, () => {
    let world: HealthWorld
    let one: Caller
    let two: Caller

    beforeEach(async () => {
      world = make()
      one = new Caller(world, 'one')
      two = new Caller(world, 'two')
      await one.see('a')
      await two.see('a')
      await world.advance(5_000)
    })

    it('tells one isolate within two seconds what failed at another', async () => {
      await watch(3_300)
      one.fails('a', 429, 20_000)
      expect((await two.see('a')).circuit).toBe('closed')
      await watch(1_900)
      expect(await two.see('a')).toMatchObject({ circuit: 'open', failures: 1, openUntilMs: world.time.nowMs + 18_100 })
      expect((await two.see('a')).openBecause).toContain('429')
    })

    it('knows at once what failed here', async () => {
      one.fails('a', 401)
      expect((await one.see('a')).circuit).toBe('open')
    })

    it('adds up failures that no isolate would open a circuit for', async () => {
      for (const caller of [one, two]) for (let n = 0; n < 3; n++) caller.fails('a', 503)
      expect((await one.see('a')).circuit).toBe('closed')
      expect((await two.see('a')).circuit).toBe('closed')
      await watch(3_000)
      expect(await one.see('a')).toMatchObject({ circuit: 'open', failures: 6 })
      expect(await two.see('a')).toMatchObject({ circuit: 'open', failures: 6 })
    })

    it('lets one isolate try a deployment whose time is over, and all use it again after that went well', async () => {
      one.fails('a', 429)
      const watched = await watch(5_000)
      expect(watched.probes).toBe(0)
      await world.advance(0)
      const [first, second] = [await one.see('a'), await two.see('a')]
      expect([first.circuit, second.circuit]).toEqual(['half_open', 'half_open'])
      expect([first.mayProbe, second.mayProbe].filter(Boolean)).toHaveLength(1)
      const [prober, other] = first.mayProbe ? [one, two] : [two, one]
      const end = prober.begin('a')
      expect((await prober.see('a')).mayProbe).toBe(false)
      expect((await watch(10_000)).probes).toBe(0)
      end({})
      expect((await prober.see('a')).circuit).toBe('closed')
      await watch(2_000)
      expect((await other.see('a')).circuit).toBe('closed')
    })

    it('gives the right to try to another when the first does not use it', async () => {
      one.fails('a', 429)
      await watch(5_000)
      const holder = (await one.see('a')).mayProbe ? one : two
      const other = holder === one ? two : one
      expect((await holder.see('a')).mayProbe).toBe(true)
      // The holder is gone; the other asks every second.
      let mayProbe = false
      for (let second = 0; second < 8 && !mayProbe; second++) {
        await world.advance(1_000)
        mayProbe = (await other.see('a')).mayProbe
      }
      expect(mayProbe).toBe(true)
      expect((await holder.see('a')).mayProbe).toBe(false)
    })

    it('opens again when the one that tried fails', async () => {
      one.fails('a', 429)
      await watch(5_000)
      const prober = (await one.see('a')).mayProbe ? one : two
      prober.fails('a', 503)
      expect(await prober.see('a')).toMatchObject({ circuit: 'open', openUntilMs: world.time.nowMs + 5_000 })
    })

    it('lets another try when the client of the one that tried has left', async () => {
      one.fails('a', 429)
      await watch(5_000)
      const prober = (await one.see('a')).mayProbe ? one : two
      prober.begin('a')({ error: { kind: 'client_closed', status: 499 } })
      expect((await prober.see('a')).circuit).toBe('half_open')
      await watch(2_000)
      expect([(await one.see('a')).mayProbe, (await two.see('a')).mayProbe].filter(Boolean)).toHaveLength(1)
    })

    it('remembers an open circuit when the shared state loses its memory', async () => {
      one.fails('a', 429, 60_000)
      await world.advance(1_000)
      await world.evict()
      const third = new Caller(world, 'three')
      expect(await third.see('a')).toMatchObject({ circuit: 'open', openUntilMs: world.time.nowMs + 59_000 })
    })

    it('counts what is in flight everywhere, and not what a silent isolate left behind', async () => {
      const end = one.begin('a')
      one.begin('a')
      two.begin('a')
      await world.advance(1_000)
      await one.see('a')
      await world.advance(1_000)
      expect((await one.see('a')).inFlight).toBe(3)
      end({})
      expect((await one.see('a')).inFlight).toBe(2)
      for (let second = 0; second < 18; second++) {
        await world.advance(1_000)
        await one.see('a')
      }
      expect((await one.see('a')).inFlight).toBe(1)
    })

    it('shares requests, tokens and latencies, and forgets them after their minute', async () => {
      const end = one.begin('a')
      await world.advance(400)
      end({ firstTokenMs: 100 })
      two.succeeds('a')
      await world.advance(1_000)
      await two.see('a')
      await world.advance(1_000)
      const seen = await two.see('a')
      expect(seen).toMatchObject({
        requests: 2,
        tokens: 60,
        samples: 2,
        failures: 0,
        firstTokenMs: 100,
        msPerToken: 20,
      })
      expect(Math.abs((seen.latencyP95Ms ?? 0) - 400)).toBeLessThan(20)
      await world.advance(62_000)
      await two.see('a')
      await world.advance(1_000)
      expect(await two.see('a')).toMatchObject({ requests: 0, tokens: 0, samples: 2 })
    })

    it('counts a report once, although its answer was lost', async () => {
      one.succeeds('a')
      world.sever(true)
      await world.advance(3_000)
      world.sever(false)
      for (let second = 0; second < 4; second++) {
        await world.advance(1_000)
        await one.see('a')
      }
      await two.see('a')
      await world.advance(1_000)
      expect((await two.see('a')).requests).toBe(1)
      expect((await one.see('a')).requests).toBe(1)
    })

    it('goes on by what an isolate knows itself while nothing is shared', async () => {
      world.sever(true)
      one.fails('a', 429)
      expect((await one.see('a')).circuit).toBe('open')
      for (let second = 0; second < 5; second++) {
        await world.advance(1_000)
        await one.see('a')
      }
      expect(await one.see('a')).toMatchObject({ circuit: 'half_open', mayProbe: true })
      one.succeeds('a')
      expect((await one.see('a')).circuit).toBe('closed')
    })

    it('asks at most once a second, and makes no request wait after the first', async () => {
      const before = world.calls()
      for (let tenth = 0; tenth < 100; tenth++) {
        expect(one.look().waits).toBe(false)
        one.succeeds('a')
        await world.advance(100)
      }
      expect(world.calls() - before).toBeLessThanOrEqual(11)
      expect(world.calls() - before).toBeGreaterThanOrEqual(9)
    })

    it('costs nothing while nobody asks', async () => {
      await world.advance(5_000)
      const before = world.calls()
      await world.advance(60_000)
      expect(world.calls()).toBe(before)
    })

    /** Both isolates look every tenth of a second; counts how often one could have tried `a` before its time. */
    async function watch(ms: number): Promise<{ probes: number }> {
      let probes = 0
      for (let passed = 0; passed < ms; passed += 100) {
        await world.advance(100)
        const states = [await one.see('a'), await two.see('a')]
        if (passed + 100 < ms && states.some(({ mayProbe }) => mayProbe)) probes += 1
      }
      return { probes }
    }
  })
}
