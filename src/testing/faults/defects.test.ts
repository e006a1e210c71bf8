import { afterAll, beforeAll, expect, test } from "bun:test"
import { seconds } from "../../units.ts"
import { runCell } from "./cell.ts"
import { columns, type Column } from "./comparison.ts"
import { openGround, type Ground } from "./ground.ts"
import { killTogether } from "./kinds/redis-kill.ts"
import type { Kind, Scene } from "./scene.ts"
import { signal } from "./signals.ts"
import { slowDisk } from "./slow-disk.ts"

let ground: Ground
beforeAll(async () => void (ground = await openGround()), 60_000)
afterAll(() => ground.close(), 60_000)

const cellOf = async (hurt: (scene: Scene) => Promise<unknown>, sale: Record<string, number> = {}) => {
  const kind: Kind = {
    name: "defect",
    does: "a defect",
    long: 1,
    short: 1,
    perCell: 1,
    sometimes: [],
    comesRight: seconds(0),
    sale: () => sale,
    hurt: async (scene) => void (await hurt(scene)),
  }
  const { findings } = await runCell(ground, { kind, index: 0, faults: 1, seed: "1" })
  return { findings, red: columns.filter((column) => findings[column].length > 0) }
}

const inPostgres = (scene: Scene, statement: string) =>
  scene.ground.stores.sql((sql) => sql.unsafe(statement, [scene.sale]))

/** Sound: the same with a Redis that answers only what is on disk. */
const dieTogether = async (scene: Scene, appendfsync: "always" | "everysec") => {
  await scene.ground.stores.redis((redis) => redis.config("SET", "appendfsync", appendfsync))
  const tracer = appendfsync === "everysec" ? await slowDisk(scene.ground.pids().redis!) : undefined
  try {
    await killTogether(scene, tracer && (() => answersBeforeWriting(scene)))
  } finally {
    tracer?.kill("SIGKILL")
  }
}

test("Redis and traffic die together with the journal behind: nothing is lost that was on disk", async () => {
  expect((await cellOf((scene) => dieTogether(scene, "always"))).red).toEqual([])
}, 60_000)

const answersBeforeWriting = ({ ground }: Scene) =>
  ground.stores.redis(
    async (redis) => Number(/aof_buffer_length:(\d+)/.exec(await redis.info("persistence"))?.[1]) > 1000,
  )

const movePlace = ({ ground, sale }: Scene, place: string) =>
  ground.stores.redis(async (redis) => {
    const positions = `sale:{${sale}}:positions`
    const places = Object.entries(await redis.hgetall(positions))
    const [account] = places.find(([, each]) => !each.startsWith("1:"))!
    await redis.hset(positions, account, place)
  })

type Defect = [what: string, column: Column, hurt: (scene: Scene) => Promise<unknown>, sale?: Record<string, number>]
const defects: Defect[] = [
  ["Redis answers before its slow disk has it", "lost", (scene) => dieTogether(scene, "everysec")],
  [
    "Redis is wiped, the journal lacks five places and nobody remembers them",
    "lost",
    async (scene) => {
      signal([scene.ground.world.pid], "SIGSTOP")
      await scene.ground.redis.flush()
      await inPostgres(
        scene,
        "delete from queue_entries where sale_id = $1 and position in (select position from queue_entries where sale_id = $1 order by position desc limit 5)",
      )
      await scene.ground.world.crash()
    },
  ],
  ["Redis names another position", "moved", (scene) => movePlace(scene, "99999:1")],
  ["Redis names the position of the first for another", "twice", (scene) => movePlace(scene, "1:1")],
  [
    "the kept answers of checkouts vanish",
    "unknownOrders",
    (scene) => inPostgres(scene, "delete from idempotency where sale_id = $1 and operation = 'checkout'"),
  ],
  [
    "a call is journaled twice",
    "calledTwice",
    (scene) =>
      inPostgres(
        scene,
        "insert into queue_calls select sale_id, generation, 'again', from_position, to_position, again, epoch, called_at from queue_calls where sale_id = $1 limit 1",
      ),
  ],
  [
    "a seat is counted as sold that is not",
    "sums",
    (scene) => inPostgres(scene, "update seat_stock set sold = sold + 1, available = available - 1 where sale_id = $1"),
  ],
  [
    "holds end before their owners reach the till",
    "other",
    async ({ load }) => {
      await load.gather(3)
      await Bun.sleep(3000)
      load.till.open()
    },
    { hold_sec: 1 },
  ],
]

for (const [what, column, hurt, sale] of defects)
  test(`${what}: ${column} turns red`, async () => {
    const { red, findings } = await cellOf(hurt, sale)
    expect(red.includes(column) || findings).toBe(true)
  }, 60_000)

test("every column has a defect in real stores", () => {
  const seen = new Set(defects.map(([, column]) => column))
  expect(columns.filter((each) => !seen.has(each))).toEqual([])
})
