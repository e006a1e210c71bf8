import { expect, test } from "bun:test"
import { dirname, extname, join } from "node:path"

const domain = ["src/waiting-room", "src/box-office", "src/accounts", "src/guard", "src/lab"]

/** What a folder may import besides itself and the vocabulary in src/*.ts. Types may come from anywhere: they leave no trace. */
const allowed: Record<string, string[]> = {
  "src/main.ts": ["src/commands"],
  src: [],
  "src/commands": [...domain, "src/bench", "src/http", "src/stores", "src/appliance", "sql", "views"],
  "src/http": [...domain, "views", "views/fan", "src/stores", "src/http/fan", "src/http/console"],
  "src/http/fan": ["src/http", ...domain, "views", "views/fan"],
  "src/http/console": ["src/http", "src/http/fan", ...domain, "views", "views/fan", "views/console"],
  "src/waiting-room": ["src/stores"],
  "src/box-office": ["src/stores"],
  "src/accounts": ["src/stores"],
  "src/guard": ["src/stores"],
  "src/lab": ["src/stores", "dist/k6"],
  "src/bench": ["src/lab"],
  "src/stores": [],
  "src/appliance": [],
  views: [],
  "views/fan": ["views"],
  "views/console": ["views", "views/fan"],
  sql: ["sql/migrations"],
}

const sources: string[] = []
for (const root of ["src", "views", "sql"])
  for (const path of new Bun.Glob("**/*.{ts,tsx}").scanSync(root)) sources.push(join(root, path))
const code = sources.filter((path) => !/\.(test|d)\.tsx?$/.test(path) && !path.startsWith("src/testing"))

const importsOf = async (path: string) =>
  new Bun.Transpiler({ loader: extname(path) === ".tsx" ? "tsx" : "ts" })
    .scanImports(await Bun.file(path).text())
    .map((each) => each.path)

test("there is code to judge", () => {
  expect(code.length).toBeGreaterThan(40)
})

for (const path of code)
  test(`${path} imports only what it may`, async () => {
    const home = dirname(path)
    const imports = await importsOf(path)
    const folders = imports.filter((each) => each.startsWith(".")).map((each) => dirname(join(home, each)))
    for (const folder of folders) expect([home, "src", ...(allowed[path] ?? allowed[home] ?? [])]).toContain(folder)
    if (home !== "src/stores") expect(imports.filter((each) => ["ioredis", "postgres"].includes(each))).toEqual([])
  })

test("an import against the direction is seen", () => {
  const found = new Bun.Transpiler({ loader: "ts" }).scanImports(
    'import { hold } from "../box-office/holds.ts"; hold()',
  )
  expect(allowed["src/waiting-room"]).not.toContain(dirname(join("src/waiting-room", found[0]!.path)))
})

for (const [what, pattern, allowedIn] of [
  ["the wall clock is read in src/clock.ts alone", /\bDate\.now\b/, ["src/clock.ts"]],
  ["the environment is read in src/config.ts alone", /\bprocess\.env\b/, ["src/config.ts"]],
  ["SQL text is run in src/stores/migrate.ts alone", /\b(sql|tx)\.(unsafe|file)\(/, ["src/stores/migrate.ts"]],
  ["nothing is put into a page unescaped", /dangerouslySetInnerHTML/, []],
] as const)
  test(what, async () => {
    const texts = await Promise.all(code.map(async (path) => ({ path, text: await Bun.file(path).text() })))
    const found = texts.filter(({ text }) => pattern.test(text)).map(({ path }) => path)
    expect(found.filter((path) => !(allowedIn as readonly string[]).includes(path))).toEqual([])
  })

test("the list of migrations is the folder's", async () => {
  const { migrations } = await import("../sql/migrations.ts")
  const files = [...new Bun.Glob("*.sql").scanSync("sql/migrations")].sort()
  expect(migrations.map((each) => `${each.name}.sql`)).toEqual(files)
})
