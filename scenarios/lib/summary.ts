/** What k6 hands to handleSummary, as far as the lab reads it. */
export type Summary = {
  state: { testRunDurationMs: number }
  metrics: Record<
    string,
    { type: string; values: Record<string, number>; thresholds?: Record<string, { ok: boolean }> }
  >
}

export const summaryMarker = "@@SUMMARY "

export const summary = (data: Summary) => ({ stdout: `\n${summaryMarker}${JSON.stringify(data)}\n` })
