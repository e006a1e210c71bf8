type Judged = { name: string; passed: boolean; judged: boolean }

/** Checks of how long something took. The machine of a test is slow at times; no test depends on them. */
const isSpeed = ({ name }: Judged) =>
  /^k6 (network )?(http_req_duration|arrival_lag|poll_lag)/.test(name) || name === "second sale as quick"

const broken = (checks: Judged[]) => checks.filter((each) => each.judged && !each.passed)

export const brokenBesidesSpeed = (checks: Judged[]) => broken(checks).filter((each) => !isSpeed(each))

/** Something was too slow: the one reason for which a run that is right may end in FAIL. */
export const wasSlow = (checks: Judged[]) => broken(checks).some(isSpeed)
