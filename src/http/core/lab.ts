import type { Parts } from "./parts.ts"

/** The lab where it has pages. In production it has at most an API, behind its key. */
export const lookupLab = ({ lab, config }: Pick<Parts, "lab" | "config">): Parts["lab"] =>
  config.mode === "production" ? undefined : lab
