/**
 * A cache of at most `max` entries in two generations: when the young one is full the old one is dropped and takes its place; a
 * hit moves to the young one. Nearly an LRU cache, for one look into a Map.
 */
export const openTwoGenerationCache = <Key, Value extends {}>(max: number) => {
  const half = Math.max(1, Math.floor(max / 2))
  let young = new Map<Key, Value>()
  let old = new Map<Key, Value>()

  const set = (key: Key, value: Value) => {
    if (young.size >= half && !young.has(key)) {
      old = young
      young = new Map()
    }
    young.set(key, value)
  }

  return {
    get: (key: Key): Value | undefined => {
      const found = young.get(key)
      if (found !== undefined) return found
      const kept = old.get(key)
      if (kept !== undefined) set(key, kept)
      return kept
    },
    set,
    size: () => young.size + old.size,
  }
}
