import { exitCodes, type ExitCode } from "../../exit.ts"
import { usualWidth, wrapped } from "../../lab/report/lines.ts"
import { catalog } from "../../lab/scenarios/catalog.ts"
import { presets } from "../../lab/scenarios/presets.ts"
import type { Output } from "./output.ts"

export const list = (json: boolean | undefined, { out }: Pick<Output, "out">): ExitCode => {
  out(json ? JSON.stringify(listBody()) : listText())
  return exitCodes.pass
}

const listBody = () => ({
  scenarios: catalog.map(({ name, story, holds, incident }) => ({ name, story, holds, incident })),
  presets,
})

const listText = () =>
  [
    "Scenarios, as in traffic sim launch_spike --quick:\n",
    ...catalog.map(({ name, story, holds }) => entry(name, story, `Must hold: ${holds}`)),
    "\nReady-made runs, as in traffic sim --preset smoke:\n",
    ...presets.map(({ name, says, scenario }) => entry(name, `${says} (${scenario})`)),
  ].join("\n")

const entry = (name: string, ...texts: string[]) =>
  texts
    .flatMap((text) => wrapped(text, usualWidth - nameWidth - 2))
    .map((line, index) => `${(index === 0 ? name : "").padEnd(nameWidth)}  ${line}`)
    .join("\n")
const nameWidth = Math.max(...catalog.map((each) => each.name.length), 16)
