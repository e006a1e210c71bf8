-- A waiting room whose clock went too fast is set back: what was granted on that clock is not in the future.
do $$
begin
  if not exists (select from pg_roles where rolname = 'traffic_app') then return; end if;
  grant update (granted_at) on queue_admissions to traffic_app;
end $$;
