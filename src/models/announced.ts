import type { ModelStore } from './port.ts'

/** The store, with `changed` told after every write, also after one that failed: nobody knows whether it took effect. */
export function announcedModels(store: ModelStore, changed: () => Promise<void>): ModelStore {
  const told = async <R>(write: Promise<R>): Promise<R> => {
    try {
      return await write
    } finally {
      await changed()
    }
  }
  return {
    read: store.read,
    create: (fields, signature) => told(store.create(fields, signature)),
    replace: (fields, signature) => told(store.replace(fields, signature)),
    set: (changes, signature) => told(store.set(changes, signature)),
    remove: (kind, id, signature) => told(store.remove(kind, id, signature)),
  }
}
