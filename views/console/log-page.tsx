import type { Look } from "../shared/look.ts"
import { ConsoleFrame, type ConsoleFrameProps } from "./frame.tsx"
import { instant } from "./instant.ts"

export type LogLine = { entryNo: number; at: number; operator: string; action: string; saleId?: string; detail: string }

export const LogPage = ({ frame, look, lines }: { frame: ConsoleFrameProps; look: Look; lines: LogLine[] }) => (
  <ConsoleFrame frame={frame} title="Log" here="log">
    <h1>Who did what</h1>
    <LogTable look={look} lines={lines} linked />
  </ConsoleFrame>
)

export const LogTable = ({ look, lines, linked = false }: { look: Look; lines: LogLine[]; linked?: boolean }) =>
  lines.length === 0 ? (
    <p>Nothing was done yet.</p>
  ) : (
    <table class="panel">
      <thead>
        <tr>
          <th scope="col">When ({look.timeZone})</th>
          <th scope="col">Who</th>
          <th scope="col">What</th>
        </tr>
      </thead>
      <tbody>
        {lines.map((line) => (
          <tr key={line.entryNo}>
            <td data-label="When">{instant(line.at, look)}</td>
            <th scope="row" data-label="Who">
              {line.operator}
            </th>
            <td data-label="What">
              <span>
                {line.action}
                {line.detail === "" ? "" : `: ${line.detail}`}
                {linked && line.saleId !== undefined ? (
                  <>
                    {" "}
                    <a href={`/console/sales/${line.saleId}`}>Sale …{line.saleId.slice(-6)}</a>
                  </>
                ) : null}
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
