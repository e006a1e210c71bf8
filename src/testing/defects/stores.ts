import type { Check } from "../../lab/model/check.ts"
import type { History } from "../../lab/model/history.ts"
import { seenIn, type Alarm, type Row, type Seen } from "./table.ts"
import type { Story } from "./stories.ts"
import { openTrial, type Defect } from "./trial.ts"

/** A build that breaks one rule, what people do with it, and the check that turns red. */
export type StoreDefect = {
  check: Alarm
  defect: string
  sow: Defect
  story: Story
  /** What only one scenario looks at. */
  judge?: (history: History) => Check[]
  example: RegExp
  /** What cannot but turn red with it. */
  also?: Alarm[]
}

type Played = { checks: Check[]; history: History; named: (text: string) => string }

const play = async (story: Story, defect: Defect = {}): Promise<Played> => {
  const trial = await openTrial({ defect, sale: story.sale })
  try {
    await story.play(trial)
    const { history, named } = trial
    return { checks: await trial.audit(), history, named }
  } finally {
    await trial.close()
  }
}

/** Each story is told once with a sound build, however many defects it shows. */
const sound = new Map<Story, Promise<Played>>()
const playSound = (story: Story) => {
  const known = sound.get(story) ?? play(story)
  sound.set(story, known)
  return known
}

const seen = async (played: Promise<Played>, judge: (history: History) => Check[] = () => []): Promise<Seen> => {
  const { checks, history, named } = await played
  return seenIn([...checks, ...judge(history)], named)
}

export const rowsOf = (defects: StoreDefect[]): Row[] =>
  defects.map(({ check, defect, sow, story, judge, example, also }) => ({
    alarm: check,
    also,
    defect,
    on: "real stores",
    example,
    sound: () => seen(playSound(story), judge),
    broken: () => seen(play(story, sow), judge),
  }))
