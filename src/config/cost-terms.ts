import type { Price } from '../prices/price.ts'
import { type Terms, termsFor } from '../prices/terms.ts'
import type { Config, Deployment, KnownModel } from './config.ts'

/** A config whose prices carry its own terms, in the place of any others. Without terms it is the same one. */
export function withCostTerms(config: Config): Config {
  const { costTerms } = config.litellm
  if (costTerms === undefined) return config
  const { knownModels } = config
  return {
    ...config,
    deployments: config.deployments.map((one) => deploymentWith(one, termsFor(costTerms, one.provider))),
    ...(knownModels && {
      knownModels: Object.fromEntries(
        Object.entries(knownModels).map(([provider, families]) => {
          const terms = termsFor(costTerms, provider)
          return [provider, families.map((one) => pricedWith(one, terms))]
        }),
      ),
    }),
  }
}

/** Where only the vendor knows the price, the deployment itself says what is taken off and put on. */
function deploymentWith({ terms: _, ...deployment }: Deployment, terms: Terms | undefined): Deployment {
  if (deployment.price) return pricedWith(deployment, terms)
  return terms ? { ...deployment, terms } : deployment
}

function pricedWith<M extends Pick<KnownModel, 'price'>>(model: M, terms: Terms | undefined): M {
  if (model.price === undefined) return model
  const { terms: _, ...price }: Price = model.price
  return { ...model, price: terms ? { ...price, terms } : price }
}
