import { Refusal } from "../exit.ts"

export const wholeFlag = (flag: string, text: string, max: number): number => {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > max)
    throw new Refusal("usage", `${flag} is "${text}"; it takes a whole number from 1 to ${max}`)
  return value
}
