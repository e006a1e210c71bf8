import { afterEach, beforeEach, expect, test } from "bun:test"
import { connect, createServer, type AddressInfo, type Server } from "node:net"
import { millis } from "../../units.ts"
import { openMiddleman } from "./middleman.ts"

let echo: Server
let middleman: Awaited<ReturnType<typeof openMiddleman>>
beforeEach(async () => {
  echo = createServer((socket) => {
    socket.on("error", () => {})
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => echo.listen(0, "127.0.0.1", resolve))
  middleman = await openMiddleman({ host: "127.0.0.1", port: (echo.address() as AddressInfo).port })
})
afterEach(async () => {
  await middleman.close()
  echo.close()
})

/** Sends each piece by itself and resolves with what came back until the connection ended or all of it did. */
const echoed = (pieces: string[]) =>
  new Promise<string>((resolve) => {
    const socket = connect(middleman.port, "127.0.0.1")
    const expected = pieces.join("").length
    let back = ""
    socket.setNoDelay(true)
    socket.on("error", () => resolve(back))
    socket.on("close", () => resolve(back))
    socket.on("data", (bytes) => {
      back += bytes.toString()
      if (back.length >= expected) socket.end()
    })
    socket.on("connect", async () => {
      for (const piece of pieces) {
        socket.write(piece)
        await Bun.sleep(1)
      }
    })
  })

const numbered = Array.from({ length: 100 }, (_, index) => `<${index}>`)

test("late pieces come in their order, also when the delay ends among them", async () => {
  middleman.delay(millis(40))
  const coming = echoed(numbered)
  await Bun.sleep(60)
  middleman.pass()
  expect(await coming).toBe(numbered.join(""))
})

test("single bytes are the same bytes", async () => {
  middleman.slice()
  const text = "x".repeat(200) + "y".repeat(2000)
  expect(await echoed([text])).toBe(text)
})

test("a connection ends in the middle of what it carries", async () => {
  middleman.cutAfter(300)
  const back = await echoed(["z".repeat(1000)])
  expect(back.length).toBeLessThan(300)
})

test("an answer is lost and its connection reset; another passes", async () => {
  middleman.loseAnswers("COMMIT")
  expect(await echoed(["BEGIN"])).toBe("BEGIN")
  expect(await echoed(["COMMIT"])).toBe("")
})
