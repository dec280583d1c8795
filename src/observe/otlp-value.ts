/** OTLP's JSON form of values (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). */

/** A number whose type must not depend on its value: a backend maps an attribute once. */
interface Double {
  readonly double: number
}
type Value = string | number | boolean | readonly string[] | Double
export type Values = Readonly<Record<string, Value | null | undefined>>

export const double = (value: number | undefined): Double | undefined =>
  value === undefined ? undefined : { double: value }

export function attributes(values: Values) {
  return Object.entries(values).flatMap(([key, value]) =>
    value === undefined || value === null || value === '' ? [] : [{ key, value: anyValue(value) }],
  )
}

function anyValue(value: Value): object {
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number') return { intValue: String(value) }
  if ('double' in value) return { doubleValue: value.double }
  return { arrayValue: { values: value.map((one) => ({ stringValue: one })) } }
}

/** Nanoseconds since the epoch, as JSON writes 64-bit numbers. */
export const nanos = (ms: number): string => String(BigInt(Math.round(ms)) * 1_000_000n)
