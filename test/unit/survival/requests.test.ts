import { describe, expect, it } from 'vitest'
import { fields, isFields } from '../../../src/dialects/loose-json.ts'
import { GatewayError } from '../../../src/errors.ts'
import { type Asked, all } from './asked.ts'
import { type DialectName, type Family, families, kin, native } from './families.ts'
import { sent } from './sent.ts'

// Every thing that callers can say, in every dialect that has words for it, to every vendor: where it arrives, or by which
// name it is refused. Nothing is lost between.

/** Whether all of the fragment stands in the value; lists may have more between. */
function holds(value: unknown, fragment: unknown): boolean {
  if (Array.isArray(fragment)) {
    if (!Array.isArray(value)) return false
    let from = 0
    return fragment.every((one) => {
      const at = value.findIndex((other, index) => index >= from && holds(other, one))
      from = at + 1
      return at >= 0
    })
  }
  if (!isFields(fragment)) return Object.is(value, fragment)
  return isFields(value) && Object.entries(fragment).every(([name, one]) => holds(value[name], one))
}

function hasIt(value: unknown, fragment: object): boolean {
  if (holds(value, fragment)) return true
  return typeof value === 'object' && value !== null && Object.values(value).some((one) => hasIt(one, fragment))
}

/** What OpenAI's servers, and those that are as strict, refuse as unknown. */
const FOREIGN = /"(is_error|cache_control|thinking_blocks|citations|context|provider_specific_fields|input_schema)":/
const STRICT: readonly string[] = ['openai', 'responses', 'mistral']

type Row = readonly [dialect: DialectName, family: Family, fragments: readonly object[]]

/** What is said of a family, or else of its kin. */
function told<T>(of: Readonly<Partial<Record<Family, T>>>, family: Family): T | undefined {
  const from = kin[family]
  return of[family] ?? (from && of[from])
}

function rowsOf({ in: said, arrives, refused = {}, unless = {} }: Asked): Row[] {
  return Object.entries(said).flatMap(([dialect, words]) =>
    families.flatMap((family): Row[] => {
      const fragment = told(arrives, family)
      if (fragment === undefined || isRefused({ arrives, refused }, family)) return []
      if (unless[family]?.includes(dialect as DialectName)) return []
      // What a vendor's own dialect says goes as it is.
      const own = native[family] === dialect
      const fragments = own ? [words] : Array.isArray(fragment) ? fragment : [fragment]
      return [[dialect as DialectName, family, fragments]]
    }),
  )
}

function isRefused({ arrives, refused = {} }: Pick<Asked, 'arrives' | 'refused'>, family: Family): boolean {
  return refused[family] !== undefined || (arrives[family] === undefined && told(refused, family) !== undefined)
}

describe.each(all)('$what', (asked) => {
  it.each(rowsOf(asked))('said in %s arrives at %s', (dialect, family, fragments) => {
    const body = sent(dialect, family, fields(asked.in[dialect]))
    expect(
      fragments.filter((fragment) => !hasIt(body, fragment)),
      JSON.stringify(body),
    ).toEqual([])
    if (STRICT.includes(family) && native[family] !== dialect) expect(JSON.stringify(body)).not.toMatch(FOREIGN)
  })

  const refusals = families
    .filter((family) => isRefused(asked, family))
    .flatMap((family) =>
      (Object.keys(asked.in) as DialectName[])
        // Its own dialect it judges itself.
        .filter((dialect) => native[family] !== dialect && !asked.unless?.[family]?.includes(dialect))
        .map((dialect) => [dialect, family, told(asked.refused ?? {}, family) ?? ''] as const),
    )
  it.each(refusals)('said in %s is refused for %s by its name', (dialect, family, param) => {
    const said = fields(asked.in[dialect])
    try {
      sent(dialect, family, said)
    } catch (refusal) {
      expect(refusal).toBeInstanceOf(GatewayError)
      expect(refusal).toMatchObject({ kind: 'invalid_request', details: { param } })
      // What is content and no parameter cannot be dropped.
      if (!param.includes('[')) expect(Object.keys(sent(dialect, family, said, true))).not.toContain(param)
      return
    }
    expect.unreachable('it was not refused')
  })
})
