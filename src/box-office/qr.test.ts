import { expect, test } from "bun:test"
import { encode } from "uqr"
import { decodeBase45, encodeBase45 } from "./base45.ts"
import { bytesOfId, idOfBytes } from "./id-bytes.ts"
import { newId, type SeatId, type TicketId } from "../ids.ts"
import { epochMs, later, minutes } from "../units.ts"
import { codeSvg, makeSigningKey, openCodes, verifyTicketCode } from "./qr.ts"
import { freshShop } from "../testing/box-office.ts"

const startsAt = epochMs(Date.UTC(2026, 11, 31, 19))
const ticketId = newId<TicketId>(startsAt)
const ticket = {
  eventNo: 7,
  ticketId,
  generation: 1,
  seatId: `${newId<SeatId>(startsAt).slice(0, 21)}0003Z` as SeatId,
  startsAt,
  holderName: "Ada",
}
const key = makeSigningKey()
const codes = openCodes(key)
const code = codes.codeOf(ticket)

test("a code says which ticket it is, and its key proves it", () => {
  expect(verifyTicketCode(code, codes.publicKeys)).toEqual({
    state: "signed",
    keyId: key.keyId,
    eventNo: 7,
    ticketId,
    generation: 1,
    seatNumber: 3 * 32 + 31,
    validFrom: later(startsAt, minutes(-12 * 60)),
    validUntil: later(startsAt, minutes(24 * 60)),
  })
  expect(verifyTicketCode(code, new Map([[key.keyId, key.publicKey]])).state).toBe("signed")
  expect(codes.codeOf(ticket)).toBe(code)
})

test("no byte of a code can be changed", () => {
  const bytes = decodeBase45(code)!
  expect(bytes).toHaveLength(102)
  for (let at = 0; at < bytes.length; at++) {
    const forged = Uint8Array.from(bytes, (byte, index) => (index === at ? byte ^ 1 : byte))
    expect(verifyTicketCode(encodeBase45(forged), codes.publicKeys).state).not.toBe("signed")
  }
})

test("a code of another key, of no key or of no shape is refused, each in its way", () => {
  const other = makeSigningKey()
  expect(verifyTicketCode(openCodes({ ...other, keyId: key.keyId }).codeOf(ticket), codes.publicKeys).state).toBe(
    "forged",
  )
  expect(
    verifyTicketCode(openCodes({ ...other, keyId: key.keyId === 9 ? 8 : 9 }).codeOf(ticket), codes.publicKeys).state,
  ).toBe("unknown_key")
  for (const text of ["", "A", "lower", code.slice(3), `${code}000`, ":::", "é".repeat(153)])
    expect(verifyTicketCode(text, codes.publicKeys).state).toBe("malformed")
})

test("the name is not in the code, but changes it", () => {
  const renamed = codes.codeOf({ ...ticket, holderName: "Eve" })
  expect(renamed).not.toBe(code)
  expect(Buffer.from(decodeBase45(renamed)!).includes("Eve")).toBe(false)
})

test("a seed of 32 bytes is a key too, anything else is none", () => {
  const seed = new Uint8Array(32).fill(7)
  const seeded = openCodes({ keyId: 3, privateKey: seed })
  expect(verifyTicketCode(seeded.codeOf(ticket), seeded.publicKeys).state).toBe("signed")
  expect(() => openCodes({ keyId: 3, privateKey: seed.subarray(1) })).toThrow("32 bytes")
})

test("the code is a square of 41 modules", () => {
  expect(code).toHaveLength(153)
  expect(encode(code, { ecc: "M", boostEcc: false, border: 0 }).version).toBe(6)
  expect(codeSvg(code)).toStartWith("<svg")
})

test("base45 is that of RFC 9285 and gives back what it took", () => {
  expect(encodeBase45(Buffer.from("Hello!!"))).toBe("%69 VD92EX0")
  expect(encodeBase45(Buffer.from("base-45"))).toBe("UJCLQE7W581")
  expect(Buffer.from(decodeBase45("QED8WEX0")!).toString()).toBe("ietf!")
  expect(decodeBase45("GGW")).toBeUndefined()
})

test("an id is sixteen bytes and back", () => {
  for (const id of [ticketId, "00000000000000000000000000", "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"]) {
    expect(bytesOfId(id)).toHaveLength(16)
    expect(idOfBytes(bytesOfId(id))).toBe(id)
  }
})

test("the ticket of an order has a code that its gate accepts", async () => {
  const { boxOffice, sale, shopper } = await freshShop()
  const { saleId } = await sale()
  const ada = await shopper(saleId)
  const { holdId } = await boxOffice.holds.hold(ada, { quantity: 1, idempotencyKey: "h" })
  const { ticketIds } = await boxOffice.orders.checkout(ada, { holdId, idempotencyKey: "c", holderName: "Ada <b>" })
  const text = await boxOffice.tickets.code(ticketIds[0]!, ada.accountId)
  expect(verifyTicketCode(text, boxOffice.publicKeys)).toMatchObject({
    state: "signed",
    ticketId: ticketIds[0]!,
    seatNumber: 1,
    generation: 1,
  })
  const svg = await boxOffice.tickets.qrSvg(ticketIds[0]!, ada.accountId)
  expect(svg).toBe(codeSvg(text))
  expect(svg).not.toContain("Ada")
})
