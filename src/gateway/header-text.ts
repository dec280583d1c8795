const PLAIN = /^[\x20-\x7e]*$/

/** A name as a header can carry it: what is not printable ASCII is percent-encoded. */
export function headerText(name: string): string {
  if (PLAIN.test(name)) return name
  return name.toWellFormed().replace(/[^\x20-\x7e]+/g, (odd) => encodeURIComponent(odd))
}
