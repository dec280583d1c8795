import * as z from 'zod'

/** Each kind's error message says what was expected, so that a problem reads "found …, expected …". */
export const text = z.string('a text')
export const flag = z.boolean('true or false')
export const count = z.int('a whole number of zero or more').nonnegative('a whole number of zero or more')
export const number = z.number('a number')
export const positive = z.number('a number above zero').positive('a number above zero')
export const amount = z.number('a number of zero or more').nonnegative('a number of zero or more')
export const seconds = z.number('a number of seconds').nonnegative('a number of seconds')
export const megabytes = z.number('a number of megabytes').positive('a number of megabytes above zero')
export const usd = z.number('an amount in USD').nonnegative('an amount in USD')
export const usdPerUnit = z.number('a price in USD, such as 2.5e-6').nonnegative('a price in USD, such as 2.5e-6')
export const texts = z.array(text, 'a list of texts')
export const textOrTexts = z.union([text, texts], 'a text or a list of texts')
export const textOrNumber = z.union([text, number], 'a text or a number')
export const duration = z
  .string('a duration such as 30d')
  .regex(/^\d+(s|m|h|d|w|mo)$/, 'a duration such as 30s, 30m, 24h, 7d or 1mo')
export const anything = z.unknown()
export const mapping = z.record(z.string(), z.unknown(), 'a mapping')
export const mappings = z.array(mapping, 'a list of mappings')
export const textOrMapping = z.union([text, mapping], 'a text or a mapping')

export function mappingOf<Value extends z.ZodType>(value: Value) {
  return z.record(z.string(), value, 'a mapping')
}

export function oneOf<const Names extends readonly [string, ...string[]]>(names: Names) {
  return z.enum(names, `one of ${names.join(', ')}`)
}

/** A mapping with known keys, all of them optional; an unknown one is reported with the names it may have. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return z
    .strictObject(shape, {
      error: ({ code }) => (code === 'unrecognized_keys' ? Object.keys(shape).join(' ') : 'a mapping'),
    })
    .partial()
}

/** LiteLLM has two names for each. */
export const fileBudget = section({
  budget_limit: usd,
  max_budget: usd,
  time_period: duration,
  budget_duration: duration,
})
