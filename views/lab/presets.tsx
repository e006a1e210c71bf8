export type PresetView = { name: string; says: string; scenario: string; facts: string }

export const Presets = ({ presets, chosen }: { presets: PresetView[]; chosen?: string }) => (
  <div class="presets">
    <h3 id="presets-title">Ready-made</h3>
    <ul class="preset-list" aria-labelledby="presets-title">
      {presets.map(({ name, says, scenario, facts }) => (
        <li>
          <a
            id={`preset-${name}`}
            class="preset"
            href={`/lab?preset=${name}#setup`}
            aria-current={name === chosen ? "true" : undefined}
          >
            <span class="preset-name">{name}</span>
            <span class="preset-says">{says}</span>
            <span class="preset-facts">
              {scenario} · {facts}
            </span>
          </a>
        </li>
      ))}
    </ul>
  </div>
)
