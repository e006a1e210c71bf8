import { createHash } from "node:crypto"
import type { OrderId } from "../ids.ts"
import { cents, type Cents } from "../units.ts"

export type Capture =
  { state: "captured"; providerRef: string } | { state: "declined"; providerRef: string; reason: string }

/** `amountCents` is what the client says; it never decides what is taken. */
export type GivenPayment = { amountCents?: number; card?: string }

/** Takes money. The same key is the same capture, however often it is sent. */
export type Provider = {
  name: string
  capture(request: { orderId: OrderId; amount: Cents; key: string; payment?: GivenPayment }): Promise<Capture>
}

export const declinedAmount = cents(1)
export const declinedCard = "4000000000000002"

/** Takes no real money, in this process: the reference follows from the key alone, so that a retry is the same capture. */
export const simulatedProvider: Provider = {
  name: "simulated",
  capture: async ({ key, payment }) => {
    const providerRef = `sim_${createHash("sha256").update(key).digest("base64url").slice(0, 24)}`
    const declined = (reason: string): Capture => ({ state: "declined", providerRef, reason })
    if (payment?.amountCents === declinedAmount) return declined("The test payment of amount 1 is always declined")
    if (payment?.card === declinedCard) return declined("The test card that ends in 0002 is always declined")
    return { state: "captured", providerRef }
  },
}
