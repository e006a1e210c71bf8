import { money, type Look } from "../shared/look.ts"
import { whole } from "../shared/words.ts"

export type SectionView = { section: string; priceCents: number; total: number; available: number }

type MapProps = { sections: SectionView[]; chosen: string; view: "map" | "list"; look: Look }

export const SectionMap = ({ sections, chosen, view, look }: MapProps) => {
  const [width, height, gap] = [720, 90, 10]
  return (
    <div class="hall">
      <svg
        viewBox={`0 0 ${width} ${52 + sections.length * (height + gap)}`}
        role="group"
        aria-label="Sections, the stage on top"
      >
        <rect class="stage" x={width * 0.25} y="2" width={width * 0.5} height="38" rx="6" />
        <text x={width / 2} y="30" text-anchor="middle">
          Stage
        </text>
        {sections.map((each, index) => {
          const spread = sections.length < 2 ? 1 : 0.8 + (0.2 * index) / (sections.length - 1)
          const [x, y, w] = [(width * (1 - spread)) / 2, 52 + index * (height + gap), width * spread]
          const share = each.total === 0 ? 0 : each.available / each.total
          const facts = `${money(each.priceCents, look)} · ${whole(each.available)} left`
          return (
            <a
              href={`?section=${encodeURIComponent(each.section)}&view=${view}`}
              aria-current={each.section === chosen ? "true" : undefined}
              key={each.section}
            >
              <title>{`${each.section}, ${facts}`}</title>
              <rect class="ground" x={x} y={y} width={w} height={height} rx="8" />
              <rect class="filling" x={x} y={y + height - 6} width={Math.max(0, w * share)} height="6" rx="3" />
              <text x={x + 16} y={y + 34}>
                {shortened(each.section, Math.floor((w - 32) / unitsPerCharacter))}
              </text>
              <text class="soft" x={x + 16} y={y + 70}>
                {facts}
              </text>
            </a>
          )
        })}
      </svg>
    </div>
  )
}

/** Of capitals at their largest, in units of the drawing; text in an SVG does not break by itself. */
const unitsPerCharacter = 22

const shortened = (text: string, lengthMax: number) =>
  text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1).trimEnd()}…`
