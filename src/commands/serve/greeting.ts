import type { Config } from "../../config.ts"
import { lookupK6 } from "../../programs.ts"
import { version } from "../../version.ts"
import type { Node } from "../node.ts"

export const greeting = async ({ url, parts }: Node, config: Config): Promise<string> => {
  const lines = [`Traffic ${version} serves on ${url}`]
  if (config.workers > 1) lines.push(`  processes      ${config.workers}`)
  if (config.mode === "demo") lines.push(`  demo sale      ${await parts.demo.current()}`)
  lines.push(
    `  API            ${url}/openapi.json`,
    `  stores         ${config.external ? "external" : `embedded in ${config.dataDir}`}`,
  )
  const k6 = await lookupK6(config.k6)
  if (parts.lab) lines.push(`  load lab       ${"path" in k6 ? `k6 ${k6.version}` : `on its way: ${k6.missing}`}`)
  return lines.join("\n")
}
