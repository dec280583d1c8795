/** What a Claude can, as its generation documents it. */
export interface ClaudeTraits {
  /** How it is asked to think: with a budget, as it sees fit, either way, or not at all. */
  readonly thinks: 'never' | 'budget' | 'either' | 'adaptive'
  /** What keeps it from thinking: saying nothing, a `type` of `thinking`, or nothing at all. */
  readonly unthinking: 'silence' | 'disabled' | 'between_tools' | 'impossible'
  /** The words of `output_config.effort` that it knows. */
  readonly efforts: readonly string[]
  /** Whether its thoughts are hidden unless somebody asks for them. */
  readonly hidesThoughts: boolean
  /** `temperature`, `top_p` and `top_k`. */
  readonly samples: boolean
  /** `temperature` and `top_p` in one request. */
  readonly samplesByBoth: boolean
  /** An assistant's message at the end, to be continued. */
  readonly prefill: boolean
  /** `tool_choice` `any` and `tool`. */
  readonly forcedTools: boolean
  /** JSON schemas for answers, and `strict` tools. */
  readonly schemas: boolean
  /** Instructions between the messages. */
  readonly laterInstructions: boolean
  /** The longest answer it gives. */
  readonly maxTokens: number
}

const EFFORT = ['low', 'medium', 'high']

/**
 * Names are `claude-sonnet-4-5-20250929`, `claude-3-7-sonnet-latest`, and what clouds make of them
 * (`us.anthropic.claude-opus-4-6-v1:0`, `claude-opus-4@20250514`). One that tells no version is taken for one that can
 * everything: its vendor knows better than this table.
 */
export function claudeTraits(model: string): ClaudeTraits {
  const { family, version } = claudeName(model)
  if (version === undefined) return UNKNOWN
  const since = (major: number, minor = 0) => version >= major * 100 + minor
  const always = family === 'fable' || family === 'mythos' || (family === 'opus' && since(5, 5))
  return {
    thinks: since(4, 7) ? 'adaptive' : since(4, 6) ? 'either' : since(3, 7) ? 'budget' : 'never',
    unthinking: always
      ? 'impossible'
      : family === 'sonnet' && since(5, 5)
        ? 'between_tools'
        : since(5)
          ? 'disabled'
          : 'silence',
    efforts: since(4, 7)
      ? [...EFFORT, 'xhigh', 'max']
      : since(4, 6)
        ? [...EFFORT, 'max']
        : family === 'opus' && since(4, 5)
          ? EFFORT
          : [],
    hidesThoughts: since(4, 7),
    samples: !since(4, 7),
    samplesByBoth: !since(4, 5) && !(family === 'opus' && since(4, 1)),
    prefill: !since(4, 6),
    forcedTools: !always,
    schemas: since(4, 5),
    laterInstructions: since(5) || (family === 'opus' && since(4, 8)),
    maxTokens: longest(family, version),
  }
}

const UNKNOWN: ClaudeTraits = {
  thinks: 'either',
  unthinking: 'silence',
  efforts: [...EFFORT, 'xhigh', 'max'],
  hidesThoughts: false,
  samples: true,
  samplesByBoth: true,
  prefill: true,
  forcedTools: true,
  schemas: true,
  laterInstructions: false,
  maxTokens: 4096,
}

function longest(family: string | undefined, version: number): number {
  if (version < 305) return 4096
  if (version < 307) return 8192
  if (version >= 407 || (family === 'opus' && version >= 406)) return 128_000
  return family === 'opus' && version < 405 ? 32_000 : 64_000
}

const FAMILIES = 'opus|sonnet|haiku|fable|mythos'
const AFTER = new RegExp(`(${FAMILIES})-(\\d{1,2})(?:[-.](\\d{1,2}))?(?!\\d)`)
const BEFORE = new RegExp(`claude-(\\d{1,2})(?:[-.](\\d{1,2}))?-(${FAMILIES})`)

/** The version as a number: 4.5 is 405. */
function claudeName(model: string): { family?: string; version?: number } {
  const name = model.toLowerCase()
  const before = BEFORE.exec(name)
  const after = before ? undefined : AFTER.exec(name)
  const [family, major, minor] = before ? [before[3], before[1], before[2]] : [after?.[1], after?.[2], after?.[3]]
  if (family === undefined || major === undefined) return {}
  return { family, version: Number(major) * 100 + Number(minor ?? 0) }
}
