import { workOf, type Route } from "./route.ts"

export type Lookup = ReturnType<typeof openLookup>

export const openLookup = (routes: readonly Route[]) => {
  const rows = routes.map((route) => ({
    method: route.method,
    path: route.path,
    work: workOf(route),
    pattern: patternOf(route.path),
  }))
  return {
    /** That of the method, or the first of the path. */
    row: (method: string, pathname: string): Pick<(typeof rows)[number], "path" | "work"> | undefined => {
      let first
      for (const each of rows)
        if (each.pattern.test(pathname)) {
          if (each.method === method) return each
          first ??= each
        }
      return first
    },
    methods: (pathname: string): string[] => [
      ...new Set(rows.filter((each) => each.pattern.test(pathname)).map((each) => each.method)),
    ],
  }
}

const patternOf = (path: string) =>
  new RegExp(`^${path.replace(/[.]/g, "\\.").replace("*", ".+").replace(/:\w+/g, "[^/]+")}/?$`)
