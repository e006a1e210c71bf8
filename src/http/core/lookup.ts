import type { Route } from "./route.ts"

export type Lookup = ReturnType<typeof openLookup>

export const openLookup = (routes: readonly Pick<Route, "method" | "path">[]) => {
  const rows = routes.map(({ method, path }) => ({ method, path, pattern: patternOf(path) }))
  return {
    path: (pathname: string): string | undefined => rows.find((each) => each.pattern.test(pathname))?.path,
    methods: (pathname: string): string[] => [
      ...new Set(rows.filter((each) => each.pattern.test(pathname)).map((each) => each.method)),
    ],
  }
}

const patternOf = (path: string) =>
  new RegExp(`^${path.replace(/[.]/g, "\\.").replace("*", ".+").replace(/:\w+/g, "[^/]+")}/?$`)
