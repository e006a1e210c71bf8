import { afterAll, beforeAll, test } from "bun:test"
import { closeBrowser, visit } from "../testing/browser.ts"
import { openMiddleman } from "../testing/faults/middleman.ts"
import { openWorld, type World } from "../testing/world.ts"

const patience = 90_000
let world: World
beforeAll(async () => void (world = await openWorld()), patience)
afterAll(async () => {
  await closeBrowser()
  await world.close()
}, patience)

const shown = (state: string) => `[data-state="${state}"]:not([hidden])`

/** Somebody whose page says "waiting" through the middleman, in a sale that calls nobody until `call`. */
const waitingBehind = async (middleman: Awaited<ReturnType<typeof openMiddleman>>) => {
  const sale = await world.sale({ shopper_capacity: 10 })
  await world.admin("POST", `/v1/admin/sales/${sale}/pause`)
  const [fan] = await world.fans(1)
  await world.join(sale, fan!)
  const { page, context } = await visit({ width: 390 })
  const url = `http://127.0.0.1:${middleman.port}`
  await context.addCookies([{ name: "traffic", value: fan!.token, url, httpOnly: true, sameSite: "Lax" }])
  const opened = page.waitForRequest(/\/stream$/)
  await page.goto(`${url}/sales/${sale}/wait`)
  await page.waitForSelector(shown("waiting"))
  await opened
  return { page, context, call: () => world.admin("POST", `/v1/admin/sales/${sale}/resume`) }
}

const serverOf = ({ url }: World) => ({ host: new URL(url).hostname, port: Number(new URL(url).port) })

test(
  "a proxy that sends the stream's headers and keeps its bytes back: the page shows the turn within 10 s all the same",
  async () => {
    const middleman = await openMiddleman(serverOf(world))
    middleman.holdBack("text/event-stream")
    const { page, context, call } = await waitingBehind(middleman)
    await call()
    // A busy machine gets five seconds more.
    await page.waitForSelector(shown("turn"), { timeout: 15_000 })
    await context.close()
    await middleman.close()
  },
  patience,
)

test(
  "a path that has forgotten all connections of the page: the stream is given up, and the turn is shown all the same",
  async () => {
    const middleman = await openMiddleman(serverOf(world))
    const { page, context, call } = await waitingBehind(middleman)
    await page.waitForTimeout(1000)
    middleman.forget()
    await call()
    await page.waitForSelector(shown("turn"), { timeout: 30_000 })
    await context.close()
    await middleman.close()
  },
  patience,
)
