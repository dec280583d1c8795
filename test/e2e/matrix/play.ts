import { isDeepStrictEqual } from 'node:util'
import { type Fields, fields, parsed } from '../../../src/dialects/loose-json.ts'
import { type Family, families } from '../../support/vendors/families.ts'
import { UNSIGNED } from '../../support/vendors/gemini.ts'
import type { startVendors } from '../../support/vendors/server.ts'
import {
  CLOCK,
  type HeardTurn,
  PIXEL,
  SHAPED,
  SUNNY,
  TEXT,
  THOUGHT,
  TOKENS,
  WEATHER,
} from '../../support/vendors/words.ts'
import type { Ask, Client, Told, Tool } from './client.ts'
import { clients } from './clients.ts'

export const scenarios = [
  'plain',
  'stream',
  'tools',
  'parallel',
  'results',
  'structured',
  'reasoning',
  'thinkstream',
  'image',
] as const
export type Scenario = (typeof scenarios)[number]

export interface Cell {
  readonly client: string
  readonly family: string
  readonly scenario: Scenario
}

export interface Verdict extends Cell {
  /** Served, or refused as it must be since the vendor has no such thing, or not as it should be. */
  readonly got: 'served' | 'refused' | 'broken'
  readonly why: string
}

export interface World {
  readonly url: string
  readonly key: string
  readonly vendors: Awaited<ReturnType<typeof startVendors>>
}

export const cells: readonly Cell[] = Object.keys(clients).flatMap((client) =>
  Object.keys(families).flatMap((family) => scenarios.map((scenario) => ({ client, family, scenario }))),
)

const SYSTEM = 'Answer briefly; «knapp».'
const tools: readonly Tool[] = [
  {
    name: WEATHER.name,
    description: 'The weather of a city.',
    parameters: {
      type: 'object',
      properties: {
        city: { type: 'string', description: 'its name' },
        days: { type: 'integer', minimum: 1 },
        deep: {
          type: 'object',
          properties: { list: { type: 'array', items: { type: ['integer', 'string', 'null'] } } },
        },
      },
      required: ['city'],
      additionalProperties: false,
    },
  },
  { name: CLOCK.name, description: 'What time it is.', parameters: { type: 'object', properties: {} } },
]
const schema: Fields = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' } },
  required: ['name', 'age'],
  additionalProperties: false,
}

/** Plays one cell through the running gateway and judges both ends. */
export async function play(cell: Cell, world: World): Promise<Verdict> {
  const { family, scenario } = cell
  const faults: string[] = []
  const mark = `${cell.client}-${family}-${scenario}`.replaceAll(' ', '_')
  const forces = scenario === 'structured' && clients[cell.client]?.forces === true
  const impossible = families[family]?.cannot?.[forces ? 'forced' : scenario]
  try {
    await converse(cell, `Please [${scenario}] cell:${mark}.`, world, faults)
    if (impossible !== undefined) faults.push(`served, though ${impossible}`)
  } catch (error) {
    const { status, statusCode, message } = error as { status?: number; statusCode?: number; message?: string }
    const isRefusal = (status ?? statusCode) === 400
    if (impossible !== undefined && isRefusal) {
      world.vendors.take(mark)
      return { ...cell, got: 'refused', why: impossible }
    }
    faults.push(`failed: ${status ?? statusCode ?? ''} ${message ?? String(error)}`)
  }
  for (const asked of world.vendors.take(mark)) faults.push(...asked.faults.map((fault) => `the vendor: ${fault}`))
  return { ...cell, got: faults.length === 0 ? 'served' : 'broken', why: faults.slice(0, 3).join(' | ') }
}

async function converse(cell: Cell, user: string, world: World, faults: string[]): Promise<void> {
  const { scenario } = cell
  const client = clients[cell.client]
  const family = families[cell.family]
  if (!client || !family) throw new Error(`nobody knows ${cell.client} or ${cell.family}`)
  const thinks = scenario === 'reasoning' || scenario === 'thinkstream'
  const mark = user.replace('thinkstream', 'reasoning')
  const ask: Ask = {
    model: cell.family,
    system: SYSTEM,
    stream: scenario === 'stream' || scenario === 'parallel' || scenario === 'thinkstream',
    turns: [{ user: mark, ...(scenario === 'image' && { image: PIXEL }) }],
    ...((thinks || scenario === 'tools' || scenario === 'parallel' || scenario === 'results') && { tools }),
    ...(scenario === 'structured' && { schema }),
    ...(thinks && { think: true }),
  }
  const first = await client.ask(ask, world)
  const isOne = scenario === 'tools' || thinks
  const calls = isOne ? [WEATHER] : scenario === 'parallel' || scenario === 'results' ? [WEATHER, CLOCK] : []
  judgeTold(first, { calls, scenario, family, client }, faults)
  if (scenario !== 'results' && !thinks) {
    judgeHeard(cell, family, mark, world, faults)
    return
  }
  const second = await client.ask(
    {
      ...ask,
      turns: [
        ...ask.turns,
        { answer: first },
        { results: first.calls.map((call, n) => ({ call, text: `${SUNNY} ${n}` })) },
      ],
    },
    world,
  )
  judgeTold(second, { calls: [], scenario: 'plain', family, client }, faults)
  judgeHeard(cell, family, mark, world, faults)
}

/**
 * A conversation that one family began, with thoughts and calls, goes on with another: what the first signed or hung on
 * its calls must not reach the second, whose rules refuse it.
 */
export async function move(name: string, from: string, to: string, world: World): Promise<string> {
  const client = clients[name]
  if (!client) throw new Error(`nobody knows ${name}`)
  const mark = `move-${name}-${from}-${to}`.replaceAll(' ', '_')
  const user = { user: `Please [reasoning] cell:${mark}.` }
  const ask = { system: SYSTEM, tools, think: true, stream: false }
  try {
    const answer = await client.ask({ ...ask, model: from, turns: [user] }, world)
    const results = answer.calls.map((call) => ({ call, text: SUNNY }))
    const second = await client.ask({ ...ask, model: to, turns: [user, { answer }, { results }] }, world)
    const heard = world.vendors.take(mark).flatMap((asked) => asked.faults)
    return [...heard, ...(second.text === TEXT ? [] : [`said ${second.text}`])].join(' | ')
  } catch (error) {
    const heard = world.vendors.take(mark).flatMap((asked) => asked.faults)
    return heard.length > 0 ? heard.join(' | ') : `failed: ${String(error)}`
  }
}

interface Expected {
  readonly calls: readonly { readonly name: string; readonly args: Fields }[]
  readonly scenario: Scenario
  readonly family: Family
  readonly client: Client
}

/** The SDK's object holds what the vendor said. */
function judgeTold(told: Told, { calls, scenario, family, client }: Expected, faults: string[]): void {
  const differ = (what: string, got: unknown, wanted: unknown) => {
    if (!isDeepStrictEqual(got, wanted)) faults.push(`${what} is ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`)
  }
  if (scenario === 'structured') differ('the object', parsed(told.text), SHAPED)
  else differ('text', told.text, calls.length > 0 ? '' : TEXT)
  differ(
    'calls',
    told.calls.map(({ name, args }) => ({ name, args })),
    calls,
  )
  differ('finish', told.finish, calls.length > 0 ? 'tools' : 'stop')
  differ('input tokens', told.input, TOKENS.input)
  differ('output tokens', told.output, TOKENS.output)
  if (told.cached !== undefined) differ('cached tokens', told.cached, family.countsCache === false ? 0 : TOKENS.cached)
  if (told.reasoning !== undefined)
    differ('reasoning tokens', told.reasoning, family.countsReasoning === false ? 0 : TOKENS.reasoning)
  const thinks = (scenario === 'reasoning' || scenario === 'thinkstream') && family.thinks !== 'counted'
  if (thinks && client.carries) differ('thought', told.thought, THOUGHT)
}

/** The vendor's last request holds what the caller said. */
function judgeHeard(
  { scenario, client: name }: Cell,
  family: Family,
  user: string,
  world: World,
  faults: string[],
): void {
  const mark = /cell:([\w-]+)/.exec(user)?.[1] ?? ''
  const asked = world.vendors.take(mark)
  for (const one of asked) faults.push(...one.faults.map((fault) => `the vendor: ${fault}`))
  const heard = asked.at(-1)?.heard
  if (!heard) {
    faults.push('the vendor was never asked')
    return
  }
  const differ = (what: string, got: unknown, wanted: unknown) => {
    if (!isDeepStrictEqual(got, wanted))
      faults.push(`the vendor heard ${what} ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`)
  }
  differ('system', heard.system, SYSTEM)
  const [first, ...rest] = heard.turns
  differ('user', first?.text, user)
  if (scenario === 'image') differ('picture', first?.images, [PIXEL])
  if (scenario === 'structured' && heard.forced === undefined)
    differ('schema', fields(heard.schema).required, ['name', 'age'])
  const hasTools = !['plain', 'stream', 'structured', 'image'].includes(scenario)
  if (hasTools) differ('tools', heard.tools, [WEATHER.name, CLOCK.name])
  const thinks = scenario === 'reasoning' || scenario === 'thinkstream'
  if (scenario !== 'results' && !thinks) {
    differ('turns', rest.length, 0)
    return
  }
  const calls = thinks ? [WEATHER] : [WEATHER, CLOCK]
  const model = rest.filter(({ role }) => role === 'model')
  const results = rest.flatMap((turn: HeardTurn) => turn.results)
  differ(
    'calls',
    model.flatMap((turn) => turn.calls),
    calls,
  )
  differ(
    'results',
    results.map(({ name, text }) => ({ name, text: unwrapped(text) })),
    calls.map((call, n) => ({ name: call.name, text: `${SUNNY} ${n}` })),
  )
  if (!thinks || clients[name]?.carries !== true || family.thinks === 'counted') return
  const thoughts = model.flatMap((turn) => turn.thoughts)
  const genuine = thoughts.filter((thought) => !UNSIGNED.includes(thought))
  if (clients[name].dropsOnCalls === true && /gemini/.test(String(family.params.model))) return
  if (family.thinks === 'signed' ? genuine.length === 0 : !genuine.includes(THOUGHT))
    faults.push('the vendor did not get its thoughts back')
}

/** Vercel's SDK for Google tells a result as `{name, content}`. */
function unwrapped(said: string): unknown {
  return fields(parsed(said)).content ?? said
}
