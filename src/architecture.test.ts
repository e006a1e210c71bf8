import { expect, test } from "bun:test"
import { dirname, extname, join } from "node:path"
import { circlesOf, relativeImportsIn } from "./testing/circles.ts"

/** Each room of the lab with the rooms that it may know; none knows itself again through another. */
const lab = inside("src/lab", {
  model: [],
  k6: ["model"],
  probe: ["model"],
  audit: ["model"],
  scenarios: ["model", "audit"],
  verdict: ["model", "audit", "k6"],
  capacity: ["model", "probe"],
  play: ["model", "scenarios", "k6", "probe", "audit", "verdict", "capacity"],
  runs: ["model"],
  report: ["model"],
  compare: ["model", "report"],
  segments: ["model", "scenarios", "k6", "probe", "audit", "verdict"],
})
const domain = [
  "src/waiting-room",
  "src/waiting-room/journal",
  "src/box-office",
  "src/accounts",
  "src/guard",
  "src/lab",
  ...Object.keys(lab),
]
const api = ["src/http/api", "src/http/api/admin", "src/http/api/waiting-room", "src/http/api/demo"]
const pages = ["src/http/pages", "src/http/pages/fan", "src/http/pages/console", "src/http/pages/lab"]

/** What a folder may import besides itself and the vocabulary in src/*.ts. Types may come from anywhere: they leave no trace. */
const allowed: Record<string, string[]> = {
  "src/main.ts": ["src/commands"],
  src: [],
  "src/commands": [
    "src/commands/serve",
    "src/commands/sim",
    "src/commands/assert-queue",
    "src/commands/set-clock",
    "src/commands/bench",
    ...domain,
    "src/http",
    "src/http/core",
    ...api,
    "src/stores",
    "src/appliance",
    "sql",
  ],
  "src/commands/serve": ["src/commands", "src/guard", "src/stores"],
  "src/commands/assert-queue": ["src/commands", "src/waiting-room", "src/lab/audit", "src/lab/report"],
  "src/commands/set-clock": ["src/commands", "src/waiting-room", "src/box-office"],
  "src/commands/sim": [
    "src/commands",
    ...["target", "segments"].map((each) => `src/commands/sim/${each}`),
    ...domain,
    "src/http/pages/lab",
  ],
  "src/commands/sim/target": ["src/commands/sim", ...Object.keys(lab)],
  "src/commands/sim/segments": ["src/commands/sim", "src/commands/sim/target", ...Object.keys(lab)],
  "src/commands/bench": ["src/commands", "src/lab/probe", "src/guard", "src/stores", "src/appliance"],
  "src/http": ["src/http/core", ...api, ...pages, ...domain],
  "src/http/core": [
    ...domain,
    "views/shared",
    ...["", "/fan", "/console", "/lab", "/report"].map((each) => `views/styles${each}`),
    "views/fan",
    "src/stores",
  ],
  "src/http/api": ["src/http/core", ...domain],
  "src/http/api/admin": ["src/http/core", "src/http/api", ...domain],
  "src/http/api/waiting-room": ["src/http/core", "src/http/api", ...domain],
  "src/http/api/demo": ["src/http/core", "src/http/api", "src/http/pages/lab", ...domain],
  "src/http/pages": ["src/http/core"],
  "src/http/pages/fan": ["src/http/core", "src/http/pages", ...api, ...domain, "views/shared", "views/fan"],
  "src/http/pages/console": ["src/http/core", "src/http/pages", ...api, ...domain, "views/shared", "views/console"],
  "src/http/pages/lab": [
    "src/http/core",
    "src/http/pages",
    ...api,
    ...domain,
    "views/shared",
    "views/lab",
    "views/report",
  ],
  "src/waiting-room": ["src/waiting-room/journal", "src/stores"],
  "src/waiting-room/journal": ["src/waiting-room", "src/stores"],
  "src/box-office": ["src/stores"],
  "src/accounts": ["src/stores"],
  "src/guard": ["src/stores"],
  ...lab,
  "src/lab": [...Object.keys(lab), "src/stores"],
  "src/stores": [],
  "src/appliance": [],
  // The names of what a run measures, which the API and the files of a run have too.
  "views/shared": ["src/lab/model"],
  "views/fan": ["views/shared"],
  "views/console": ["views/shared"],
  "views/lab": ["views/shared", "src/lab/model"],
  "views/report": ["views/shared", "views/lab", "src/lab/model"],
  sql: ["sql/migrations"],
}
for (const room of ["probe", "audit", "runs"]) allowed[`src/lab/${room}`]!.push("src/stores")
// What scripts and lab tell each other is written down once, beside the scripts.
for (const room of ["k6", "capacity"]) allowed[`src/lab/${room}`]!.push("scenarios/lib")
allowed["src/lab/scenarios"]!.push("dist/k6")

function inside(folder: string, rooms: Record<string, string[]>): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(rooms).map(([room, known]) => [`${folder}/${room}`, known.map((each) => `${folder}/${each}`)]),
  )
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

test("no circle of files, types counted", async () => {
  const imports = await Promise.all(
    code.map(async (path): Promise<[string, string[]]> => {
      const found = relativeImportsIn(await Bun.file(path).text())
      return [path, found.map((each) => join(dirname(path), each))]
    }),
  )
  expect(imports.flatMap(([, found]) => found).length).toBeGreaterThan(code.length)
  expect(circlesOf(new Map(imports))).toEqual([])
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

test("the migrations are all of the folder's, numbered one after the other", async () => {
  const { migrations } = await import("../sql/migrations.ts")
  const files = [...new Bun.Glob("*.sql").scanSync("sql/migrations")].sort()
  expect(migrations.map((each) => `${each.name}.sql`)).toEqual(files)
  expect(files.map((file) => Number(file.slice(0, 4)))).toEqual(files.map((_, index) => index + 1))
})
