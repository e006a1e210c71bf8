import { beforeAll, expect, test } from "bun:test"
import { stores } from "../testing/stores.ts"
import { epochMs, millis, type EpochMs } from "../units.ts"
import { isStoreAway, openPostgres, transaction } from "./postgres.ts"

beforeAll(async () => void (await stores()), 60_000)

const failureOf = (work: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(work).then(
    () => new Error("expected a failure"),
    (error: unknown) => error,
  )

test("a point in time goes in and comes out as the same milliseconds, alone, in rows and in lists, with statements kept or not", async () => {
  const { url, sql } = await (await stores()).freshDatabase()
  await sql`create table moments (nth int primary key, at timestamptz)`
  const [first, second] = [epochMs(Date.UTC(2027, 2, 28, 0, 59, 59, 999)), epochMs(1)]
  for (const pool of [sql, openPostgres(`${url}&pooler=transaction`, { max: 1 })]) {
    await pool`truncate moments`
    await pool`insert into moments ${pool([
      { nth: 1, at: first },
      { nth: 2, at: null },
    ])}`
    await pool`insert into moments select 3, at from unnest(${[second]}::timestamptz[]) as list (at)`
    const rows = await pool<{ at: EpochMs | null }[]>`select at from moments order by nth limit 10`
    expect(rows.map((row) => row.at)).toEqual([first, null, second])
    expect(await pool`select nth from moments where at <= ${first} order by nth limit 10`).toHaveLength(2)
    const [literal] = await pool<
      { same: boolean }[]
    >`select at = '2027-03-28T00:59:59.999Z' as same from moments where nth = 1`
    expect(literal).toEqual({ same: true })
  }
})

test("a table that somebody keeps locked is asked for again later, by whoever only reads as well", async () => {
  const { url, sql } = await (await stores()).freshDatabase()
  await sql`create table things (id int)`
  const hasty = openPostgres(url, { max: 1, lockTimeout: millis(30) })
  const error = await sql.begin(async (tx) => {
    await tx`lock table things in access exclusive mode`
    return failureOf(hasty`select 1 from things limit 1`)
  })
  expect(error).toMatchObject({ code: "55P03" })
  expect(isStoreAway(error)).toBe(true)
  await hasty.end()
})

test("a Postgres that only reads, as a standby does in a failover, is one to come back to", async () => {
  const { url, sql } = await (await stores()).freshDatabase()
  await sql`create table things (id int)`
  const standby = openPostgres(url, { max: 1 })
  await standby`set default_transaction_read_only = on`
  expect(isStoreAway(await failureOf(standby`insert into things values (1)`))).toBe(true)
  await standby.end()
})

test("two that lock in opposite order are asked to come again, and a row that is refused is not", async () => {
  const { url } = await (await stores()).freshDatabase()
  const sql = openPostgres(url, { max: 2, lockTimeout: millis(4000) })
  await sql`create table things (id int primary key)`
  await sql`insert into things values (1), (2)`
  const both = (first: number, second: number, meet: () => Promise<void>) =>
    sql.begin(async (tx) => {
      await tx`select 1 from things where id = ${first} for update`
      await meet()
      await tx`select 1 from things where id = ${second} for update`
    })
  let waiting = 2
  const { promise, resolve } = Promise.withResolvers<void>()
  const meet = () => (--waiting === 0 && resolve(), promise)
  const ended = await Promise.allSettled([both(1, 2, meet), both(2, 1, meet)])
  const failures = ended.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []))
  expect(failures).toHaveLength(1)
  expect(failures[0]).toMatchObject({ code: "40P01" })
  expect(isStoreAway(failures[0])).toBe(true)
  expect(isStoreAway(await failureOf(sql`insert into things values (1)`))).toBe(false)
  await sql.end()
})

test("an address that leads nowhere is a store that is away", async () => {
  const nowhere = openPostgres("postgres://traffic@no-such-host.invalid/traffic", { max: 1 })
  expect(isStoreAway(await failureOf(nowhere`select 1`))).toBe(true)
  await nowhere.end({ timeout: 0 })
})

test("a transaction whose connection was cut says nothing more on it: another one may have it by then", async () => {
  const { url, sql } = await (await stores()).freshDatabase()
  await sql`create table things (id int)`
  const pool = openPostgres(url, { max: 1 })
  const second = Promise.withResolvers<void>()
  const cut = failureOf(
    pool.begin(async (tx) => {
      const [self] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`
      await sql`select pg_terminate_backend(${self!.pid})`
      await failureOf(tx`select 1`)
      await second.promise
      // What is left of it, and the end of it: "rollback".
      await failureOf(tx`insert into things values (0)`)
      throw new Error("it ends")
    }),
  )
  await pool.begin(async (tx) => {
    await tx`insert into things values (${1})`
    second.resolve()
    await Bun.sleep(100)
    await tx`insert into things values (${2})`
  })
  expect(isStoreAway(await cut)).toBe(true)
  expect([...(await sql`select id from things order by id limit 9`)]).toEqual([{ id: 1 }, { id: 2 }])
  await pool.end({ timeout: 1 })
})

test("a connection that dies while it learns the types of arrays takes no transaction of the next one with it", async () => {
  const { url, sql } = await (await stores()).freshDatabase()
  const middleman = await dyingOnce(url, "select b.oid")
  const pool = openPostgres(middleman.url, { max: 1, name: "unlucky" })
  const asked = await Promise.allSettled([1, 2].map((n) => pool.begin((tx) => tx`select ${n}::int as n`)))
  expect(middleman.died()).toBe(true)
  const failures = asked.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []))
  expect(failures.map(isStoreAway)).toEqual([true])
  const left = await sql`select 1 from pg_stat_activity where application_name = 'unlucky' and state <> 'idle' limit 9`
  expect([...left]).toEqual([])
  expect([...(await pool`select 3 as n`)]).toEqual([{ n: 3 }])
  await pool.end()
  middleman.close()
})

/** Stands before Postgres, and once, where a client says `words`, answers as a server does that is told to stop. */
const dyingOnce = async (url: string, words: string) => {
  let died = false
  const { username, pathname, port, searchParams } = new URL(url)
  const unix = `${searchParams.get("host")}/.s.PGSQL.${port || 5432}`
  type Ends = { server: Promise<Bun.Socket<undefined>> }
  const listener = Bun.listen<Ends>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (client) => {
        const server = Bun.connect({
          unix,
          socket: { data: (_, bytes) => void client.write(bytes), close: () => void client.end() },
        })
        client.data = { server }
      },
      data: async (client, bytes) => {
        const { server } = client.data
        if (died || !bytes.includes(words)) return void (await server).write(bytes)
        died = true
        client.write(errorMessage("57P01", "terminating connection due to administrator command"))
        client.end()
        ;(await server).end()
      },
      close: (client) => void client.data.server.then((server) => server.end()),
    },
  })
  return {
    url: `postgres://${username}@127.0.0.1:${listener.port}${pathname}`,
    died: () => died,
    close: () => listener.stop(true),
  }
}

const errorMessage = (code: string, message: string) => {
  const body = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`)
  const head = Buffer.alloc(5)
  head.write("E")
  head.writeUInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

test("connections cut at any moment, 700 times: everybody gets an answer, and what was answered is there once", async () => {
  const { url, sql } = await (await stores()).freshDatabase()
  await sql`create table things (id int primary key, n int not null)`
  await sql`insert into things select each, 0 from generate_series(1, 50) each`
  const pool = openPostgres(url, { max: 6, name: "victim" })
  const seen = { committed: 0, unknown: 0, strange: [] as unknown[] }
  let over = false
  const visit = async (who: number, turn: number) => {
    const id = 1 + ((who * 7 + turn) % 50)
    if (turn % 3 === 0) return void (await pool`select n from things where id = ${id} limit 1`)
    await pool.begin(async (tx) => {
      const [row] = await tx<{ n: number }[]>`select n from things where id = ${id} for update`
      await tx`update things set n = ${row!.n + 1} where id = ${id}`
      if (turn % 5 === 0) throw new Error("changed my mind")
      await Promise.all([tx`select ${turn}::int`, tx`select ${who}::int, ${"x".repeat(turn % 2000)}::text`])
    })
    seen.committed++
  }
  const person = async (who: number) => {
    for (let turn = 0; !over; turn++)
      await visit(who, turn).catch(async (error: Error) => {
        if (!isStoreAway(error)) return error.message === "changed my mind" || seen.strange.push(error)
        seen.unknown++
        return Bun.sleep(Math.random() * 20)
      })
  }
  const people = Array.from({ length: 16 }, (_, who) => person(who))
  for (let cuts = 0; cuts < 700;) {
    const cut = await sql`
      select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'victim' order by random() limit 1`
    cuts += cut.length
    await Bun.sleep(Math.random() * 15)
  }
  over = true
  await Promise.all(people)
  const [{ sum } = { sum: 0 }] = await sql<{ sum: number }[]>`select sum(n)::int as sum from things limit 1`
  expect(seen.strange).toEqual([])
  expect(sum).toBeGreaterThanOrEqual(seen.committed)
  expect(sum).toBeLessThanOrEqual(seen.committed + seen.unknown)
  expect(seen.unknown).toBeGreaterThan(100)
  await pool.end({ timeout: 1 })
}, 60_000)

/** A pool of one connection, which somebody has until `release`. */
const busyPool = async (onDropped: (reason: string) => void) => {
  const { url, sql } = await (await stores()).freshDatabase()
  await sql`create table things (id int)`
  const pool = openPostgres(url, { max: 1, waitMax: millis(50), workMax: millis(300), onDropped })
  const [had, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const holder = pool.begin(async () => {
    had.resolve()
    await release.promise
  })
  await had.promise
  return { sql, pool, free: () => (release.resolve(), holder) }
}

test("what waited too long for a connection is told so and never begins; a queue has an end", async () => {
  const reasons: string[] = []
  const { sql, pool, free } = await busyPool((reason) => reasons.push(reason))
  const waiting = Array.from({ length: 20 }, (_, id) =>
    failureOf(transaction(pool, (tx) => tx`insert into things values (${id})`.then(() => {}))),
  )
  for (const error of await Promise.all(waiting)) expect(isStoreAway(error)).toBe(true)
  expect(reasons.toSorted()).toEqual([...Array(4).fill("queue"), ...Array(16).fill("wait")])
  await free()
  await transaction(pool, (tx) => tx`insert into things values (100)`.then(() => {}), { isPatient: true })
  expect(await sql`select id from things limit 100`).toEqual([{ id: 100 }] as never)
  await pool.end()
})

test("what takes too long is told so and never commits, and its connection is good again", async () => {
  const reasons: string[] = []
  const { sql, pool, free } = await busyPool((reason) => reasons.push(reason))
  await free()
  const release = Promise.withResolvers<void>()
  const late = transaction(pool, async (tx) => {
    await tx`insert into things values (1)`
    await release.promise
  })
  expect(isStoreAway(await failureOf(late))).toBe(true)
  expect(reasons).toEqual(["work"])
  release.resolve()
  await transaction(pool, (tx) => tx`insert into things values (2)`.then(() => {}), { isPatient: true })
  expect(await sql`select id from things limit 100`).toEqual([{ id: 2 }] as never)
  await pool.end()
})
