import { providers } from '../../src/providers/registry.ts'
import { catalogueVersion, families, lookup } from '../prices/catalogue.ts'
import { type BuildOptions, type Built, configFrom, type World } from './from-yaml.ts'

const world: World = { vendors: providers, lookup, families, catalogueVersion }

/** A `config.yaml` with the vendors that are built and the list prices of today. */
export function buildConfig(yamlText: string, options: BuildOptions): Built {
  return configFrom(yamlText, options, world)
}
