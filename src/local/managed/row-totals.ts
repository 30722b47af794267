import type { Reply } from '../route.ts'

/** `GET total_rows_stats` of an installation without billing, which this one is (fact sheet: managed 2.3). */
export const rowTotals = (): Reply => ({
  status: 200,
  body: {
    billing_available: false,
    billing_interval: '',
    billing_period_end: null,
    billing_period_start: null,
    breakdown_of_rows_by_source: {},
    materialized_rows_in_billing_period: 0,
    total_rows: 0,
    tracked_billing_rows: 0,
    pending_billing_rows: 0,
  },
})
