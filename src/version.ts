/** Set by the build; a run from source says so. */
export const version = typeof TRAFFIC_VERSION === "string" ? TRAFFIC_VERSION : "source"
