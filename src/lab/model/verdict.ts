export type Verdict = "PASS" | "FAIL" | "INCONCLUSIVE"
