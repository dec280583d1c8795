export interface BoundedMap<V> {
  get(key: string): V | undefined
  has(key: string): boolean
  set(key: string, value: V): void
  delete(key: string): void
  clear(): void
}

/** Forgets what was written longest ago. */
export function boundedMap<V>(max: number): BoundedMap<V> {
  const map = new Map<string, V>()
  return {
    get: (key) => map.get(key),
    has: (key) => map.has(key),
    delete: (key) => void map.delete(key),
    clear: () => map.clear(),
    set(key, value) {
      map.delete(key)
      map.set(key, value)
      if (map.size <= max) return
      for (const oldest of map.keys()) {
        map.delete(oldest)
        break
      }
    },
  }
}
