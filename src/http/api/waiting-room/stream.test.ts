import { expect, test } from "bun:test"
import { newId, type AccountId, type SaleId } from "../../../ids.ts"
import { openLog } from "../../../log.ts"
import { openMetrics } from "../../../metrics.ts"
import { epochMs } from "../../../units.ts"
import type { Snapshot } from "../../../waiting-room/waiting-room.ts"
import { openStreams } from "./stream.ts"

/** Streams whose ticks and time are moved by hand. */
const openTicking = () => {
  let now = epochMs(1_800_000_000_000)
  let version = 1
  let signedInUntil = Infinity
  let listener: (snapshots: Snapshot[]) => void = () => {}
  const saleId = newId<SaleId>(now)
  const streams = openStreams({
    waitingRoom: {
      onTick: (given) => {
        listener = given
        return () => {}
      },
      snapshot: () => ({ version, nowServing: 7 }) as Snapshot,
    },
    clock: () => now,
    statusOf: async () => JSON.stringify({ message: "x".repeat(900), version }),
    metrics: openMetrics(),
    log: openLog("silent"),
  })
  const cuts: number[] = []
  return {
    streams,
    cuts,
    open: (accountId: AccountId, address = "192.0.2.1") =>
      streams.open(
        new Request("http://localhost/"),
        { timeout: (_, seconds) => void cuts.push(seconds) },
        { saleId, accountId, address, isSignedIn: () => now < signedInUntil },
      ),
    /** The tokens of all streams end that much later. */
    signOutIn: (ms: number) => void (signedInUntil = now + ms),
    pass: (ms: number) => void (now = epochMs(now + ms)),
    account: () => newId<AccountId>(now),
    tick: async () => {
      now = epochMs(now + 1000)
      version++
      listener([{ saleId, version } as Snapshot])
      await Bun.sleep(0)
    },
  }
}

test("a reader that does not keep up is dropped after 64 KiB, one that reads stays and is told the newest", async () => {
  const ticking = openTicking()
  const slow = ticking.open(ticking.account())
  const quick = ticking.open(ticking.account()).body!.getReader()
  let newest = ""
  for (let ticks = 1; ticks <= 100; ticks++) {
    await ticking.tick()
    newest = new TextDecoder().decode((await quick.read()).value)
  }
  expect(ticking.streams.count()).toBe(1)
  expect(ticking.cuts).toContain(5)
  const held = (await slow.text()).length
  expect(held).toBeGreaterThan(60_000)
  expect(held).toBeLessThan(68_000)
  expect(newest).toContain("event: status")
  // It may come back at once: its place among the streams is free.
  ticking.open(ticking.account())
  expect(ticking.streams.count()).toBe(2)
  ticking.streams.close()
  expect(ticking.streams.count()).toBe(0)
})

test("a stream ends with its token, says why, and tells nothing more", async () => {
  const ticking = openTicking()
  const stream = ticking.open(ticking.account())
  await Bun.sleep(0)
  ticking.signOutIn(1500)
  await ticking.tick()
  const before = ticking.streams.count()
  await ticking.tick()
  await ticking.tick()
  expect([before, ticking.streams.count()]).toEqual([1, 0])
  const events = [...(await stream.text()).matchAll(/event: (\w+)\ndata: (.*)\n/g)].map(([, name, data]) => [
    name,
    JSON.parse(data!).code ?? JSON.parse(data!).version,
  ])
  expect(events).toEqual([
    ["status", 1],
    ["status", 2],
    ["problem", "unauthorized"],
  ])
})

test("a token that ends while the status is looked up gets no status either", async () => {
  const ticking = openTicking()
  const stream = ticking.open(ticking.account())
  ticking.signOutIn(0)
  expect(await stream.text()).not.toContain("event: status")
})

test("a stream with nothing to tell says that it is alive, in an event that scripts see, and ends with its token all the same", async () => {
  const ticking = openTicking()
  const reader = ticking.open(ticking.account()).body!.getReader()
  const next = async () => new TextDecoder().decode((await reader.read()).value)
  while (!(await next()).includes("event: status"));
  ticking.pass(4000)
  expect(await next()).toBe('event: alive\ndata: {"now_serving":7}\n\n')
  ticking.signOutIn(0)
  ticking.pass(4000)
  expect(await next()).toContain("unauthorized")
  expect((await reader.read()).done).toBe(true)
  ticking.streams.close()
})

test("an account has at most four streams at one time", () => {
  const ticking = openTicking()
  const account = ticking.account()
  for (let open = 0; open < 4; open++) ticking.open(account)
  expect(() => ticking.open(account)).toThrow("At most 4 event streams")
  ticking.streams.close()
})

test("one address cannot take the streams of everybody, whatever accounts it has", () => {
  const ticking = openTicking()
  for (let open = 0; open < 2500; open++) ticking.open(ticking.account(), "2001:db8::/64")
  expect(() => ticking.open(ticking.account(), "2001:db8::/64")).toThrow("At most 2500 event streams for one address")
  ticking.open(ticking.account(), "2001:db8:0:1::/64")
  ticking.streams.close()
  ticking.open(ticking.account(), "2001:db8::/64")
  expect(ticking.streams.count()).toBe(1)
})
