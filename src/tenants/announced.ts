import type { TenantStore } from './port.ts'

/** The store, with `changed` told after every write, so that no route can forget to. */
export function announced(store: TenantStore, changed: () => Promise<void>): TenantStore {
  const then = <A extends readonly unknown[], R>(write: (...given: A) => Promise<R>) => {
    return async (...given: A): Promise<R> => {
      try {
        return await write(...given)
      } finally {
        // Also after a failure: whoever hears none may not know whether it took effect.
        await changed()
      }
    }
  }
  return {
    ...store,
    deleteKeys: then(store.deleteKeys),
    regenerateKey: then(store.regenerateKey),
    create: then(store.create) as TenantStore['create'],
    update: then(store.update) as TenantStore['update'],
    createTemplate: then(store.createTemplate),
    updateTemplate: then(store.updateTemplate),
    remove: then(store.remove),
    removeTemplate: then(store.removeTemplate),
    resetSpend: then(store.resetSpend),
  }
}
