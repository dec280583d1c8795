/** Ids are UUIDs: all of a request's are its trace; the end of an attempt's, where its randomness is, are its span. */
export const traceIdOf = (requestId: string): string => hexIn(requestId, 32)
export const spanIdOf = (attemptId: string): string => hexIn(attemptId, 16)

/** W3C Trace Context, version 00 (https://www.w3.org/TR/trace-context/). */
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/

export const isTraceparent = (text: string): boolean => TRACEPARENT.test(text)

/** What a vendor is told of the trace: it goes on with the caller's, or begins with the request, and the attempt is the parent. */
export function traceparentFor(given: string | null, requestId: string, attemptId: string): string {
  const [, trace = traceIdOf(requestId), , flags = '01'] = TRACEPARENT.exec(given ?? '') ?? []
  return `00-${trace}-${spanIdOf(attemptId)}-${flags}`
}

function hexIn(id: string, length: number): string {
  const hex = id.toLowerCase().replaceAll(/[^0-9a-f]/g, '')
  return hex.padStart(length, '1').slice(-length)
}
