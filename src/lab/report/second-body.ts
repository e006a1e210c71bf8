import { epochMs, rfc3339 } from "../../units.ts"
import {
  figureNames,
  figureOf,
  numberOf,
  stepFigureNames,
  stepFigures,
  type Figures,
  type Second,
  type StepFigureName,
} from "../model/figures.ts"

type Member = number | null
type Names = Figures[keyof Figures]
type Flat = Exclude<Names["wire"], `${string}.${string}`> | Extract<Names, { also: string }>["also"]
type Nested<Part extends string> = Names["wire"] extends infer Wire
  ? Wire extends `${Part}.${infer Name}`
    ? Name
    : never
  : never
type StepWire = (typeof stepFigures)[StepFigureName]["wire"]

/** Older runs and other systems lack some members. */
export type SecondBody = { at: string } & { [Name in Flat]?: Member } & {
  cpu?: { [Name in Nested<"cpu">]?: Member } | null
  memory?: { [Name in Nested<"memory">]?: Member } | null
  steps?: Record<string, { [Name in StepWire]?: Member }> | null
}

/** Figures of the sale are absent when the server sent none; other missing figures are null. */
export const secondBody = (second: Second): SecondBody => {
  const body: Record<string, unknown> = { at: rfc3339(second.at), cpu: null, memory: null, steps: stepBodies(second) }
  const isSaleTold = second.waiting !== undefined
  for (const name of figureNames()) {
    const { wire, also, group } = figureOf(name)
    const value = second[name] ?? null
    const [part, member] = wire.split(".") as [string, string?]
    if (also !== undefined) body[also] = value
    if (member === undefined) {
      if (group !== "sale" || isSaleTold) body[part] = value
    } else if (value !== null || (group === "memory" && figureNames(group).some((each) => second[each] !== undefined)))
      body[part] = { ...(body[part] as object | null), [member]: value }
  }
  return body as SecondBody
}

const stepBodies = ({ steps = {} }: Second) =>
  mapValues(steps, (step) =>
    Object.fromEntries(stepFigureNames.map((name) => [stepFigures[name].wire, step[name] ?? null])),
  )

export const secondOf = (body: SecondBody): Second => {
  const read = (wire: string | undefined) =>
    numberOf(wire?.split(".").reduce<unknown>((within, name) => (within as Record<string, unknown>)?.[name], body))
  const second: Second = { at: epochMs(Date.parse(body.at)) }
  for (const name of figureNames()) {
    const { wire, also } = figureOf(name)
    second[name] = read(wire) ?? read(also)
  }
  if (body.steps)
    second.steps = mapValues(body.steps, (step) =>
      Object.fromEntries(stepFigureNames.map((name) => [name, numberOf(step?.[stepFigures[name].wire])])),
    )
  return second
}

const mapValues = <From, To>(members: Record<string, From>, to: (member: From) => To): Record<string, To> =>
  Object.fromEntries(Object.entries(members).map(([name, member]) => [name, to(member)]))
