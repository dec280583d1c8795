import fc from 'fast-check'

declare const process: { readonly env: Readonly<Record<string, string | undefined>> } | undefined

/** Every run of the properties is the same one, unless somebody names another: FC_SEED=7 npm test */
const seed = Number(typeof process === 'undefined' ? undefined : process.env.FC_SEED)
fc.configureGlobal({ seed: Number.isInteger(seed) ? seed : 20_261_122 })
