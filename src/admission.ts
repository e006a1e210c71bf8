import type { AccountId, AdmissionId, SaleId } from "./ids.ts"
import type { EpochMs } from "./units.ts"

/** The right of one account to shop in one sale until it ends, as its signed token says. Who has one is a shopper. */
export type Admission = {
  admissionId: AdmissionId
  saleId: SaleId
  accountId: AccountId
  grantedAt: EpochMs
  endsAt: EpochMs
}
