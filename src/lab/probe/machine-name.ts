import { cpus, totalmem } from "node:os"

/** What a run was measured on, such as "2 x Intel Xeon 2.50GHz, 24 GB": figures of two machines are not comparable. */
export const machineName = (cores: { model: string }[] = cpus(), memory = totalmem()): string =>
  `${cores.length} x ${modelOf(cores[0]?.model ?? "")}, ${Math.max(1, Math.round(memory / 2 ** 30))} GB`

const modelOf = (model: string) =>
  model
    .replace(/\((R|TM|C)\)|@|\b(CPU|Processor)\b/gi, " ")
    .replace(/\s+/g, " ")
    .trim() || "processor"
