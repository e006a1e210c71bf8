/** Every group of files that reach each other again through their imports; the names of each in order. */
export const circlesOf = (imports: ReadonlyMap<string, readonly string[]>): string[][] => {
  const reach = new Map([...imports.keys()].map((file) => [file, reachOf(imports, file)]))
  const circles = new Map<string, string[]>()
  for (const [file, known] of reach) {
    if (!known.has(file)) continue
    const circle = [...known].filter((each) => reach.get(each)?.has(file)).toSorted()
    circles.set(circle.join(), circle)
  }
  return [...circles.values()]
}

const reachOf = (imports: ReadonlyMap<string, readonly string[]>, file: string): Set<string> => {
  const known = new Set<string>()
  const open = [...(imports.get(file) ?? [])]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (known.has(next)) continue
    known.add(next)
    open.push(...(imports.get(next) ?? []))
  }
  return known
}

/** Relative imports of a source, those of types too, which the transpiler drops. */
export const relativeImportsIn = (source: string): string[] =>
  [...source.matchAll(/^(?:import|export)\b[^"';]*?(?:from\s+)?"(\.[^"]+)"/gm)].map((each) => each[1]!)
