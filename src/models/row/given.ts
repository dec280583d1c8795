/** A property that is there only when it has a value, as `exactOptionalPropertyTypes` wants it. */
export function given<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [K in Key]?: NonNullable<Value> } {
  return (value === undefined || value === null ? {} : { [key]: value }) as { readonly [K in Key]?: NonNullable<Value> }
}
