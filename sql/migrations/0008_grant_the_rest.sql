-- What traffic_app may do with the tables beside the box office's, so that a whole node can sign in as a member of it.
-- A new column that the code changes needs its grant in the migration that adds it.

-- Only the owner of a table may look at it for the planner, and a big new sale cannot wait a minute for that.
create function analyze_seats() returns void
language plpgsql security definer set search_path from current as $$
begin
  analyze seats;
end $$;
revoke execute on function analyze_seats() from public;

do $$
begin
  if not exists (select from pg_roles where rolname = 'traffic_app') then return; end if;
  grant select on
    migrations, accounts, queue_rooms, queue_entries, queue_gaps, queue_calls, queue_admissions, queue_finishes, runs,
    operator_log, operator_switches, operator_sessions
    to traffic_app;
  grant insert on
    accounts, queue_rooms, queue_entries, queue_gaps, queue_calls, queue_admissions, queue_finishes, runs,
    operator_log, operator_switches, operator_sessions
    to traffic_app;
  grant update (generation, opened, journaled_id, alarm, collected_at) on queue_rooms to traffic_app;
  grant update (ends_at) on queue_admissions to traffic_app;
  grant update (
    state, verdict, failures, checks, metrics, series, limited_by, script_hash, machine, preset, segment, capacity, thresholds,
    started_at, ended_at, seen_at, stop_requested_at, starred, sale_id
  ), delete on runs to traffic_app;
  grant update (is_on, changed_at) on operator_switches to traffic_app;
  grant delete on operator_sessions to traffic_app;
  grant execute on function analyze_seats() to traffic_app;
end $$;
