/** A model's own name, without the vendors, clouds and regions before it: `us.anthropic.claude-…`, `openai/gpt-…`. */
export function ownName(model: string): string {
  return model
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(/^(us|eu|apac|jp|au|global|regional)\./, '')
    .replace(/^(anthropic|amazon)\./, '')
    .replace(/^deepseek\./, 'deepseek-')
    .replace('@', '-')
}
