import type { Phase } from "../../src/waiting-room/phase.ts"
import { aheadText } from "./queue-words.ts"

export const placeStates = [
  "loading",
  "sign_in",
  "early",
  "join",
  "waiting",
  "turn",
  "missed",
  "used",
  "sold_out",
  "closed",
  "full",
  "blocked",
  "recovering",
] as const
export type PlaceState = (typeof placeStates)[number]

/** One person's place; waiting.js fills the same fields in a browser that runs scripts. */
export type Place = {
  state: PlaceState
  position?: number
  ahead?: number
  nowServing?: number
  waitMs?: { p50: number; p90: number }
  turnEndsAt?: number
  /** What the browser keeps; undefined when it has none of this account. */
  receipt?: string
  phase?: Phase
  message?: string
  seatsLeft?: number
  takenAt?: number
}

export type WaitingSale = {
  saleId: string
  eventName: string
  venue: string
  startsAt: number
  queueOpensAt: number
  opensAt: number
  minCents: number
  maxCents: number
}

export const headings: Record<PlaceState, string> = {
  loading: "Looking up your place",
  sign_in: "Sign in to take your place",
  early: "The waiting room is not open yet",
  join: "The waiting room is open",
  waiting: "Your place in the queue",
  turn: "It is your turn",
  missed: "Your turn went by",
  used: "Your turn is used",
  sold_out: "Sold out",
  closed: "This sale is over",
  full: "The waiting room is full",
  blocked: "Too many attempts",
  recovering: "One moment",
}

export const titleOf = ({ state, ahead }: Place) =>
  state === "waiting" && ahead !== undefined ? aheadText(ahead) : headings[state]
