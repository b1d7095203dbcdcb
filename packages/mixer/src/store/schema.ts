/**
 * Tables of the embedded store. Times are milliseconds since the Unix epoch, samples' microseconds. A point's histogram is two lists of the same
 * length: bucket indexes and their counts. Several points of one series in one bucket add up. Workloads and reporters are journals, whose newest line
 * counts: appending costs a tenth of an update; maintenance shortens them.
 */
export const SCHEMA = `
  CREATE TABLE IF NOT EXISTS series (id UINTEGER, labels VARCHAR);
  CREATE TABLE IF NOT EXISTS workloads (key VARCHAR, workload VARCHAR, first_seen BIGINT, last_seen BIGINT);
  CREATE TABLE IF NOT EXISTS reporters (principal VARCHAR, reporter_id VARCHAR, sequence BIGINT, last_seen BIGINT);
  ${pointTables("fine")}
  ${pointTables("coarse")}
  CREATE TABLE IF NOT EXISTS access_logs (time_us BIGINT, trace_id VARCHAR, request_id VARCHAR, entry VARCHAR);
  CREATE TABLE IF NOT EXISTS spans (time_us BIGINT, trace_id VARCHAR, entry VARCHAR);
`;

export type Resolution = "fine" | "coarse";

function pointTables(resolution: Resolution): string {
  return `
  CREATE TABLE IF NOT EXISTS request_points_${resolution} (
    time BIGINT, series UINTEGER, count DOUBLE, request_bytes DOUBLE, response_bytes DOUBLE, duration_us DOUBLE,
    bucket_index USMALLINT[], bucket_count DOUBLE[]);
  CREATE TABLE IF NOT EXISTS tcp_points_${resolution} (
    time BIGINT, series UINTEGER, opened DOUBLE, closed DOUBLE, received_bytes DOUBLE, sent_bytes DOUBLE);`;
}
