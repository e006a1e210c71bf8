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
  let listener: (snapshots: Snapshot[]) => void = () => {}
  const saleId = newId<SaleId>(now)
  const streams = openStreams({
    waitingRoom: {
      onTick: (given) => {
        listener = given
        return () => {}
      },
      snapshot: () => ({ version }) as Snapshot,
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
        { saleId, accountId, address },
      ),
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
