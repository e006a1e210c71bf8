/** Limits out of the way: everybody here comes from one address. */
export const crowdEnv = {
  TRAFFIC_JOINS_PER_ADDRESS_PER_MIN: "100000000",
  TRAFFIC_HOLDS_PER_ACCOUNT_PER_MIN: "1000",
  TRAFFIC_CHECKOUTS_PER_ACCOUNT_PER_MIN: "1000",
}
