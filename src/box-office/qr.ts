import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from "node:crypto"
import { renderSVG } from "uqr"
import { decodeBase45, encodeBase45 } from "./base45.ts"
import { bytesOfId, idOfBytes } from "./id-bytes.ts"
import { trustedId, type SeatId, type TicketId } from "../ids.ts"
import { epochMs, minutes, type EpochMs } from "../units.ts"

/** An Ed25519 key: PKCS8 as PEM, or the 32 bytes of its seed. `keyId` is from 1 to 65535 and names the key in every code. */
export type SigningKey = { keyId: number; privateKey: string | Uint8Array }

/** What a gate learns from a code. `seatNumber` counts from 1 through the sale. */
export type TicketFacts = {
  eventNo: number
  ticketId: TicketId
  generation: number
  seatNumber: number
  validFrom: EpochMs
  validUntil: EpochMs
}
export type CodeOutcome =
  | ({ state: "signed"; keyId: number } & TicketFacts)
  | { state: "malformed" }
  | { state: "unknown_key" }
  | { state: "forged" }

export type Codes = {
  publicKeys: ReadonlyMap<number, KeyObject>
  codeOf(ticket: PrintedTicket): string
}
export type PrintedTicket = {
  eventNo: number
  ticketId: TicketId
  generation: number
  seatId: SeatId
  startsAt: EpochMs
  holderName: string
}

/** A new key; keep `privateKey` secret and give `publicKey` to the gates. */
export const makeSigningKey = () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519")
  const spki = publicKey.export({ type: "spki", format: "der" })
  return {
    // From the key itself, so that two keys seldom share a number; 0 is no key.
    keyId: spki.readUInt16BE(spki.length - 2) || 1,
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
  }
}

export const openCodes = (signing: SigningKey): Codes => {
  const privateKey = privateKeyOf(signing.privateKey)
  if (privateKey.asymmetricKeyType !== "ed25519") throw new Error("The key that signs tickets must be an Ed25519 key")
  const nameKey = createHmac("sha256", seedOf(privateKey)).update("ticket-name-v1").digest()
  return {
    publicKeys: new Map([[signing.keyId, createPublicKey(privateKey)]]),
    codeOf: (ticket) => {
      const facts = Buffer.alloc(factsLength)
      facts.writeUInt8(version, 0)
      facts.writeUInt16BE(signing.keyId, 1)
      facts.writeUInt32BE(ticket.eventNo, 3)
      facts.set(bytesOfId(ticket.ticketId), 7)
      facts.writeUInt8(ticket.generation, 23)
      facts.writeUInt32BE(seatNumberOf(ticket.seatId), 24)
      facts.writeUInt32BE(Math.max(0, Math.floor((ticket.startsAt - opensBefore) / 1000)), 28)
      facts.writeUInt16BE(validMinutes, 32)
      facts.set(
        createHmac("sha256", nameKey).update(ticket.ticketId).update(ticket.holderName).digest().subarray(0, 4),
        34,
      )
      return encodeBase45(Buffer.concat([facts, sign(null, Buffer.concat([context, facts]), privateKey)]))
    },
  }
}

/** What the code says, once its signature is found good. Whether the ticket is used or revoked, the gate asks elsewhere. */
export const verifyTicketCode = (code: string, publicKeys: ReadonlyMap<number, KeyObject | string>): CodeOutcome => {
  const bytes = decodeBase45(code)
  if (bytes?.length !== factsLength + signatureLength || bytes[0] !== version) return { state: "malformed" }
  const view = Buffer.from(bytes)
  const keyId = view.readUInt16BE(1)
  const key = publicKeys.get(keyId)
  if (!key) return { state: "unknown_key" }
  const facts = view.subarray(0, factsLength)
  const publicKey = typeof key === "string" ? createPublicKey(key) : key
  if (!verify(null, Buffer.concat([context, facts]), publicKey, view.subarray(factsLength))) return { state: "forged" }
  const validFrom = epochMs(view.readUInt32BE(28) * 1000)
  return {
    state: "signed",
    keyId,
    eventNo: view.readUInt32BE(3),
    ticketId: trustedId<TicketId>(idOfBytes(view.subarray(7, 23))),
    generation: view.readUInt8(23),
    seatNumber: view.readUInt32BE(24),
    validFrom,
    validUntil: epochMs(validFrom + minutes(view.readUInt16BE(32))),
  }
}

/** 41 modules wide: 153 alphanumeric characters, version 6, a sixth of it may be damaged. */
export const codeSvg = (code: string): string => renderSVG(code, { ecc: "M", boostEcc: false, border: 4, pixelSize: 8 })

/** Layout: version 1, key 2, event 4, ticket 16, generation 1, seat 4, valid from 4 (s), valid for 2 (min), name 4; big endian. */
const version = 1
const factsLength = 38
const signatureLength = 64
/** A signature for another purpose under the same key is never a ticket's. */
const context = Buffer.from("ticket-v1\0")
const opensBefore = minutes(12 * 60)
const validMinutes = 36 * 60

const seatNumberOf = (seatId: SeatId) =>
  Number(BigInt.asUintN(25, BigInt(`0x${Buffer.from(bytesOfId(seatId)).toString("hex")}`)))

const seedPrefix = Buffer.from("302e020100300506032b657004220420", "hex")

const privateKeyOf = (key: string | Uint8Array): KeyObject => {
  if (typeof key === "string") return createPrivateKey(key)
  if (key.length !== 32) throw new Error("The seed of an Ed25519 key has 32 bytes")
  return createPrivateKey({ key: Buffer.concat([seedPrefix, key]), format: "der", type: "pkcs8" })
}

const seedOf = (privateKey: KeyObject) => privateKey.export({ type: "pkcs8", format: "der" }).subarray(-32)
