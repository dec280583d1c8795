import { type Fields, fields, list, text } from '../dialects/loose-json.ts'

/**
 * Arguments that Vertex streams piece by piece, each piece a JSONPath and a value (`streamFunctionCallArguments`). They are
 * put together here, since an object that grows in several places is no growing text.
 */
export function withPartialArgs(args: Fields, partialArgs: unknown): Fields {
  return list(partialArgs)
    .map(fields)
    .reduce<unknown>((whole, piece) => placed(whole, steps(text(piece.jsonPath) ?? '$'), argOf(piece)), args) as Fields
}

function argOf(piece: Fields): unknown {
  if (typeof piece.stringValue === 'string') return piece.stringValue
  if (typeof piece.numberValue === 'number') return piece.numberValue
  if (typeof piece.boolValue === 'boolean') return piece.boolValue
  return 'nullValue' in piece ? null : undefined
}

/** `$.a[0]['b c']` as its names and places. */
function steps(path: string): (string | number)[] {
  return [...path.matchAll(/\.([^.[\]]+)|\[(\d+)\]|\[(['"])(.*?)\3\]/g)].map(([, name, at, , quoted]) =>
    at === undefined ? (name ?? quoted ?? '') : Number(at),
  )
}

function placed(whole: unknown, [step, ...rest]: readonly (string | number)[], value: unknown): unknown {
  if (step === undefined) {
    if (value === undefined) return whole
    return typeof whole === 'string' && typeof value === 'string' ? whole + value : value
  }
  if (typeof step === 'number') {
    const items = [...list(whole)]
    items[step] = placed(items[step], rest, value)
    return items
  }
  const known = fields(whole)
  return { ...known, [step]: placed(Object.hasOwn(known, step) ? known[step] : undefined, rest, value) }
}
