export const saidOf = (name: string | undefined): string | undefined =>
  ({ reset: "A fresh sale is open. Earlier sales go on as they are.", deleted: "The run is deleted." })[name ?? ""]
