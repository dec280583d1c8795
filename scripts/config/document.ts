import {
  type CollectionTag,
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type ScalarTag,
  type Tags,
} from 'yaml'
import type { Notice } from '../../src/config/config.ts'

export interface YamlFile {
  /** The whole file as plain data; `{}` when it could not be read. */
  readonly value: unknown
  /** The line of what stands at a path, or of the nearest thing around it. */
  lineOf(path: readonly PropertyKey[]): number | undefined
  readonly problems: readonly Notice[]
}

/** Said in our own words: the parser's messages quote the file, and the file may hold secrets. */
const syntax: Readonly<Record<string, string>> = {
  BAD_INDENT: 'the indentation does not fit what stands above',
  TAB_AS_INDENT: 'a tab indents this line; YAML wants spaces',
  DUPLICATE_KEY: 'this key stands twice in the same mapping',
  MULTIPLE_DOCS: 'the file holds several YAML documents; keep one',
  MISSING_CHAR: 'a bracket, quote, colon or comma is missing',
  BAD_ALIAS: 'this alias (*name) has no anchor (&name) above it',
  MULTILINE_IMPLICIT_KEY: 'a key goes over several lines; is a colon missing?',
  BLOCK_AS_IMPLICIT_KEY: 'a mapping stands where a value should be; is the indentation right?',
  BAD_SCALAR_START: 'a text begins with a character that must be quoted',
  BAD_DQ_ESCAPE: 'a double-quoted text holds an escape that YAML does not know; use single quotes',
  UNEXPECTED_TOKEN: 'something stands here that YAML does not expect',
}

const maxDepth = 40

/** Reads YAML as LiteLLM's parser does (1.1: `yes` and `on` are true), except for dates and base-60 numbers. */
export function readYaml(text: string): YamlFile {
  const lines = new LineCounter()
  let document: Document
  try {
    document = parseDocument(text, {
      version: '1.1',
      customTags: withoutSurprises,
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'error',
    })
  } catch {
    return unreadable('the file is nested too deeply or is not YAML at all')
  }
  const line = (offset: number) => lines.linePos(offset).line
  const problems: Notice[] = document.errors.map(({ code, pos }) => ({
    level: 'error',
    path: '',
    line: line(pos[0]),
    message: `not valid YAML: ${syntax[code] ?? 'it cannot be read from here'}`,
  }))
  if (problems.length > 0) return { value: {}, lineOf: () => undefined, problems }
  try {
    if (depthOf(document.contents, document) > maxDepth)
      return unreadable(`the file is nested more than ${maxDepth} levels deep`)
    const value: unknown = document.toJS({ maxAliasCount: 1000 })
    return { value: value ?? {}, lineOf: (path) => lineAt(document, line, path), problems }
  } catch {
    return unreadable('its aliases (*name) refer to themselves or repeat too much')
  }
}

function unreadable(message: string): YamlFile {
  return {
    value: {},
    lineOf: () => undefined,
    problems: [{ level: 'error', path: '', line: 1, message: `not valid YAML: ${message}` }],
  }
}

/** Without dates and base-60 numbers, and with `y` and `n` as texts, as LiteLLM's parser has them. */
function withoutSurprises(tags: Tags): Tags {
  const surprising = ['timestamp', 'binary', 'omap', 'pairs', 'set']
  return tags.flatMap((tag): Tags => {
    if (typeof tag === 'string') return surprising.includes(tag) ? [] : [tag]
    const timed = 'format' in tag && tag.format === 'TIME'
    if (timed || surprising.some((name) => tag.tag.endsWith(`:${name}`))) return []
    if (!isBool(tag)) return [tag]
    const words = tag.test?.test('yes') ? 'yes|true|on' : 'no|false|off'
    const spellings = words
      .split('|')
      .flatMap((word) => [word, `${word[0]?.toUpperCase()}${word.slice(1)}`, word.toUpperCase()])
    return [{ ...tag, test: new RegExp(`^(${spellings.join('|')})$`) }]
  })
}

function isBool(tag: CollectionTag | ScalarTag): tag is ScalarTag {
  return tag.tag.endsWith(':bool')
}

/** How deep the value nests, aliases included; without end where one holds itself. Each node is measured once. */
function depthOf(root: unknown, document: Document): number {
  const known = new Map<unknown, number>()
  const measure = (node: unknown, level: number): number => {
    if (level > maxDepth) return level
    const before = known.get(node)
    if (before !== undefined) return before
    known.set(node, Number.POSITIVE_INFINITY)
    const below = childrenOf(node, document).map((child) => measure(child, level + 1))
    const depth = below.length === 0 ? 0 : 1 + Math.max(...below)
    known.set(node, depth)
    return depth
  }
  return measure(root, 0)
}

function childrenOf(node: unknown, document: Document): unknown[] {
  if (isAlias(node)) return [node.resolve(document)]
  if (isMap(node)) return node.items.map(({ value }) => value).filter(isNode)
  return isSeq(node) ? node.items.filter(isNode) : []
}

function lineAt(
  document: Document,
  line: (offset: number) => number,
  path: readonly PropertyKey[],
): number | undefined {
  let node: unknown = document.contents
  let found: number | undefined
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(document)
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key))
      if (!pair) break
      if (isNode(pair.key) && pair.key.range) found = line(pair.key.range[0])
      node = pair.value
    } else if (isSeq(node) && typeof key === 'number') {
      node = node.items[key]
      if (isNode(node) && node.range) found = line(node.range[0])
    } else break
  }
  return found
}
