import { Refusal } from "../../../exit.ts"
import { parsePlan, type Plan } from "../../../lab/segments/plan.ts"

export const readPlan = async (path: string): Promise<Plan> => {
  const file = Bun.file(path)
  if (!(await file.exists()))
    throw new Refusal("usage", `${path}: there is no such file; make it with \`traffic sim prepare\``)
  return parsePlan(await file.text(), path)
}
