import { moment, type Look } from "../fan/look.ts"
import { ConsoleFrame, type ConsoleFrameProps } from "./frame.tsx"

export type LogLine = { entryNo: number; at: number; operator: string; action: string; saleId?: string; detail: string }

export const LogPage = ({ frame, look, lines }: { frame: ConsoleFrameProps; look: Look; lines: LogLine[] }) => (
  <ConsoleFrame frame={frame} title="Log">
    <h1>Who did what</h1>
    <LogTable look={look} lines={lines} linked />
  </ConsoleFrame>
)

export const LogTable = ({ look, lines, linked = false }: { look: Look; lines: LogLine[]; linked?: boolean }) =>
  lines.length === 0 ? (
    <p>Nothing was done yet.</p>
  ) : (
    <div class="scroller" tabIndex={0} role="region" aria-label="Log">
      <table class="panel">
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">What</th>
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={line.entryNo}>
              <td>{moment(line.at, look)}</td>
              <th scope="row">{line.operator}</th>
              <td>
                {line.action}
                {line.detail === "" ? "" : `: ${line.detail}`}
                {linked && line.saleId !== undefined ? (
                  <>
                    {" "}
                    <a href={`/control/sales/${line.saleId}`}>Sale {line.saleId}</a>
                  </>
                ) : null}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
