import { costPico } from '../prices/cost.ts'
import type { Price } from '../prices/price.ts'
import { totalTokens, type Usage } from '../prices/usage.ts'
import { isByToken } from './bound.ts'
import type { Told } from './operation.ts'

/**
 * What an answer used. One that would cost nothing, because its vendor told nothing of what its price counts, is
 * reckoned: servers that follow another vendor tell tokens where that bills searches or seconds, or say that they read
 * none.
 */
export function counted(
  told: Usage | undefined,
  reckoned: Usage,
  price: Price | undefined,
): Pick<Told, 'usage' | 'estimated'> {
  if (told === undefined) return { usage: reckoned, estimated: true }
  if (price === undefined || told.reportedNano !== undefined) return { usage: told, estimated: false }
  const costs = (usage: Usage) => costPico({ ...price, request: 0 }, usage) > 0n
  if (costs(told)) return { usage: told, estimated: false }
  const { second = 0, searchUnit = 0 } = price.units ?? {}
  const { inputAudioMs, searchUnits, images, imageKind, pixels, inputCharacters, ...tokens } = reckoned
  const lacking: Partial<Usage> = {
    ...(second > 0 && told.inputAudioMs === undefined && inputAudioMs !== undefined && { inputAudioMs }),
    ...(searchUnit > 0 && told.searchUnits === undefined && searchUnits !== undefined && { searchUnits }),
    ...(isByToken(price) && totalTokens(told) === 0 && totalTokens(tokens) > 0 && tokens),
  }
  const usage = { ...told, ...lacking }
  return costs(usage) ? { usage, estimated: true } : { usage: told, estimated: false }
}
