/**
 * A map of at most `max` entries. When one half of them is full, what was not asked for since the half before filled is forgotten:
 * nearly as good as forgetting the one used longest ago, at the price of one look into a Map.
 */
export const openMemory = <Key, Value extends {}>(max: number) => {
  const half = Math.max(1, Math.floor(max / 2))
  let recent = new Map<Key, Value>()
  let before = new Map<Key, Value>()

  const set = (key: Key, value: Value) => {
    if (recent.size >= half && !recent.has(key)) {
      before = recent
      recent = new Map()
    }
    recent.set(key, value)
  }

  return {
    get: (key: Key): Value | undefined => {
      const found = recent.get(key)
      if (found !== undefined) return found
      const kept = before.get(key)
      if (kept !== undefined) set(key, kept)
      return kept
    },
    set,
    /** Counts an entry twice that is in both halves. */
    size: () => recent.size + before.size,
  }
}
