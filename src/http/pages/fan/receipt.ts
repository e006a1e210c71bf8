import type { AccountId, SaleId } from "../../../ids.ts"
import { minutes } from "../../../units.ts"
import type { FanParts } from "./parts.ts"

type Parts = Pick<FanParts, "config" | "tokens" | "waitingRoom">

/** The browser sends it to the pages of this sale alone. It outlives signing out, for it is good for its own account only. */
export const receiptCookie = ({ config }: Parts, saleId: SaleId, text: string) =>
  `receipt=${text}; Path=/sales/${saleId}; HttpOnly; SameSite=Lax; Max-Age=${keptFor / 1000}${config.mode === "production" ? "; Secure" : ""}`

export const lookupReceipt = ({ tokens }: Parts, request: Request, saleId: SaleId, account: AccountId | undefined) => {
  const text = pattern.exec(request.headers.get("cookie") ?? "")?.[1]
  const receipt = text === undefined ? undefined : tokens.verifyReceipt(text)
  if (receipt?.saleId !== saleId || receipt.accountId !== account) return undefined
  return { ...receipt, text: text! }
}

/** A place that no store has any more comes back by the receipt that the browser kept, without being asked for. */
export const restorePlace = async (parts: Parts, request: Request, saleId: SaleId, account: AccountId | undefined) => {
  const receipt = lookupReceipt(parts, request, saleId, account)
  if (receipt === undefined || account === undefined) return undefined
  const { state } = await parts.waitingRoom.turn(saleId, account)
  if (state === "not_in_queue") await parts.waitingRoom.join(saleId, account, receipt)
  return receipt.text
}

const keptFor = minutes(7 * 24 * 60)
const pattern = /(?:^|;\s*)receipt=([^;\s]{1,256})(?:;|$)/
