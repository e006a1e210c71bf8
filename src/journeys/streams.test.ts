import { readFileSync } from "node:fs"
import { afterAll, beforeAll, expect, test } from "bun:test"
import { openWorld, type Fan, type World } from "../testing/world.ts"

const listeners = 2000
const patience = 120_000
let world: World
beforeAll(async () => {
  world = await openWorld({ env: { TRAFFIC_JOINS_PER_ADDRESS_PER_MIN: "1000000" } })
}, patience)
afterAll(() => world.close(), patience)

test(
  `${listeners} open streams are all told each change, and the server's memory is bounded`,
  async () => {
    const sale = await world.sale({ admit_per_minute: 1, shopper_capacity: 1, waiting_room_cap: 10_000 })
    const fans = await world.fans(listeners)
    for (let from = 0; from < listeners; from += 100)
      await Promise.all(fans.slice(from, from + 100).map((fan) => world.join(sale, fan)))

    const before = residentMb(world.pid)
    const streams = []
    for (let from = 0; from < listeners; from += 100)
      streams.push(...(await Promise.all(fans.slice(from, from + 100).map((fan) => openStream(world.url, sale, fan)))))
    await told(streams, "event: status")
    const opened = residentMb(world.pid)

    const took: string[] = []
    for (let round = 1; round <= 5; round++) {
      const message = `round-${round}-of-five`
      const changed = world.admin("PATCH", `/v1/admin/sales/${sale}`, { message })
      const began = performance.now()
      const { first, last } = await told(streams, message)
      took.push(`${Math.round(last - began)} (${Math.round(last - first)} after the first)`)
      expect((await changed).status).toBe(200)
    }
    const after = residentMb(world.pid)
    console.log(
      `${listeners} listeners: ms from a change until the last one was told: ${took.join(", ")}; memory ${before} MB before, ${opened} MB with all open, ${after} MB after 5 changes`,
    )
    expect(opened - before).toBeLessThan(listeners * 0.1)
    expect(after - opened).toBeLessThan(100)
    const { text } = await world.request("GET", "/metrics")
    expect(Number(/^traffic_streams_open (\d+)/m.exec(text)?.[1])).toBe(listeners)
    for (const stream of streams) stream.close()
  },
  patience,
)

type Stream = { heard: () => string; forget: () => void; heardAt: () => number; close: () => void }

/** One socket of its own, which keeps the end of what it heard. */
const openStream = async (url: string, sale: string, fan: Fan): Promise<Stream> => {
  const { hostname, port } = new URL(url)
  let text = ""
  let heardAt = 0
  const socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      open: (each) => {
        each.write(
          `GET /v1/sales/${sale}/waiting-room/stream HTTP/1.1\r\nhost: ${hostname}:${port}\r\nauthorization: Bearer ${fan.token}\r\n\r\n`,
        )
      },
      data: (_, chunk) => {
        text = (text + chunk.toString("latin1")).slice(-4096)
        heardAt = performance.now()
      },
    },
  })
  return { heard: () => text, forget: () => void (text = ""), heardAt: () => heardAt, close: () => socket.end() }
}

/** When the first and the last of all heard it. @throws Error when one has not within 30 s */
const told = async (streams: Stream[], what: string): Promise<{ first: number; last: number }> => {
  const deadline = performance.now() + 30_000
  while (performance.now() < deadline) {
    if (streams.every((each) => each.heard().includes(what))) {
      const times = streams.map((each) => each.heardAt())
      for (const each of streams) each.forget()
      return { first: Math.min(...times), last: Math.max(...times) }
    }
    await Bun.sleep(5)
  }
  const deaf = streams.filter((each) => !each.heard().includes(what))
  throw new Error(`${deaf.length} of ${streams.length} were not told "${what}"; one heard: ${deaf[0]?.heard()}`)
}

const residentMb = (pid: number) =>
  Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024)
