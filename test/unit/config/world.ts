import { type Built, configFrom, type World } from '../../../scripts/config/from-yaml.ts'
import type { Deployment, Notice } from '../../../src/config/config.ts'

/** One vendor with an address, one that people run themselves, one that is nothing but its protocol. */
export const world: World = {
  vendors: {
    openai: {
      defaults: { apiBase: 'https://openai.example/v1', apiBaseEnv: 'OPENAI_BASE_URL', apiKeyEnv: 'OPENAI_API_KEY' },
    },
    hosted_vllm: { defaults: { apiBaseEnv: 'HOSTED_VLLM_API_BASE', apiKeyEnv: 'HOSTED_VLLM_API_KEY' } },
    custom_openai: { defaults: {} },
    azure: { defaults: { apiBaseEnv: 'AZURE_API_BASE', apiKeyEnv: 'AZURE_API_KEY' } },
    azure_ai: { defaults: { apiBaseEnv: 'AZURE_AI_API_BASE', apiKeyEnv: 'AZURE_AI_API_KEY' } },
    bedrock: { defaults: { apiKeyEnv: 'AWS_BEARER_TOKEN_BEDROCK' } },
    vertex_ai: { defaults: {} },
  },
  lookup: (provider, model) => {
    if (provider !== 'openai') return undefined
    if (model === 'text-embedding-3-small') return { price: { input: 20_000, output: 0 }, mode: 'embedding' }
    return model === 'gpt-4o'
      ? {
          price: {
            input: 2_500_000,
            output: 10_000_000,
            cacheRead: 1_250_000,
            reasoning: 11_000_000,
            tiers: [{ aboveTokens: 272_000, input: 5_000_000, output: 20_000_000 }],
          },
          maxInputTokens: 128_000,
          maxOutputTokens: 16_384,
          mode: 'chat',
        }
      : undefined
  },
  families: (provider) =>
    provider === 'openai'
      ? [
          {
            match: { starts_with: 'gpt-4o' },
            price: { input: 2_500_000, output: 10_000_000 },
            maxInputTokens: 128_000,
            maxOutputTokens: 16_384,
            mode: 'chat',
            supports: { vision: true, tools: true },
          },
          { match: { equals: 'text-embedding-3-small' }, price: { input: 20_000, output: 0 }, mode: 'embedding' },
          { match: { equals: 'sora-2' }, mode: 'video_generation' },
        ]
      : undefined,
  catalogueVersion: 'test 1',
}

export function build(yaml: string, target: 'dev' | 'deploy' = 'dev'): Built {
  return configFrom(yaml, { fileName: 'config.yaml', target }, world)
}

/** The only deployment of a file with one row. */
export function deploymentOf(params: string, info = ''): Deployment {
  const yaml = `model_list:\n  - model_name: m\n    litellm_params: {${params}}\n${info ? `    model_info: {${info}}\n` : ''}`
  const { config } = build(yaml)
  const [deployment] = config.deployments
  if (!deployment) throw new Error('no deployment')
  return deployment
}

export function of(level: Notice['level'], notices: readonly Notice[]): Notice[] {
  return notices.filter((notice) => notice.level === level)
}
