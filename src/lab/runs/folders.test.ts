import { expect, test } from "bun:test"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { newId, type RunId } from "../../ids.ts"
import { epochMs } from "../../units.ts"
import { pruneFolders } from "./folders.ts"

test("the newest folders stay, and those of baselines, and what is no folder of a run", async () => {
  const runsDir = mkdtempSync(join(tmpdir(), "traffic-folders-"))
  try {
    const [baseline, old, recent, newest] = [1, 2, 3, 4].map((each) => newId<RunId>(epochMs(each * 1000))) as string[]
    for (const name of [baseline!, old!, recent!, newest!]) {
      mkdirSync(join(runsDir, name))
      writeFileSync(join(runsDir, name, "record.ndjson"), "{}")
    }
    writeFileSync(join(runsDir, "notes.txt"), "mine")
    await pruneFolders(runsDir, 2, [baseline!])
    expect(readdirSync(runsDir).toSorted()).toEqual([baseline!, recent!, newest!, "notes.txt"].toSorted())
    await pruneFolders(join(runsDir, "nowhere"), 2)
  } finally {
    rmSync(runsDir, { recursive: true, force: true })
  }
})
