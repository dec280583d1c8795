import { sealedIn, signatureAsWritten } from '../dialects/gemini-signature.ts'
import { type Fields, fields, isFields, list } from '../dialects/loose-json.ts'
import { isForeignTo } from '../dialects/signer.ts'
import { UNSIGNED_CALL } from './gemini-signature.ts'
import { generation } from './gemini-thinking.ts'

/**
 * A body in Google's own words whose earlier turns other vendors may have answered: their signatures are left out, and a
 * call that nobody signed says so in the way Google documents, where its models ask for signatures. The very same body
 * where there is nothing of the kind.
 */
export function ownContents(body: Fields, model: string): Fields {
  const contents = list(body.contents)
  const signs = generation(model) >= 3
  const own = contents.map((content, at) => ownContent(content, signs && !hasCallBefore(contents, at)))
  return own.every((content, at) => content === contents[at]) ? body : { ...body, contents: own }
}

/** A turn may be told in several contents, one for each event of a stream; its first call is the one that is signed. */
function hasCallBefore(contents: readonly unknown[], at: number): boolean {
  for (let before = at - 1; before >= 0 && fields(contents[before]).role === 'model'; before -= 1)
    if (list(fields(contents[before]).parts).some(isCall)) return true
  return false
}

function isCall(part: unknown): boolean {
  return fields(part).functionCall !== undefined
}

function ownContent(content: unknown, signs: boolean): unknown {
  if (!isFields(content) || content.role !== 'model') return content
  const parts = list(content.parts)
  const firstCall = signs ? parts.findIndex(isCall) : -1
  const own = parts.map((part, at) => ownPart(part, at === firstCall))
  return own.every((part, at) => part === parts[at]) ? content : { ...content, parts: own }
}

function ownPart(part: unknown, mustBeSigned: boolean): unknown {
  if (!isFields(part)) return part
  const { thoughtSignature, ...rest } = part
  const isOthers = typeof thoughtSignature === 'string' && isForeign(thoughtSignature)
  if (mustBeSigned && (isOthers || thoughtSignature === undefined)) return { ...rest, thoughtSignature: UNSIGNED_CALL }
  return isOthers ? rest : part
}

function isForeign(signature: string): boolean {
  return sealedIn(signature) !== undefined || isForeignTo('google', signatureAsWritten(signature))
}
