-- A hold may be extended, once.
alter table holds
  add column extended_at timestamptz,
  add constraint holds_extended_while_live check (extended_at < expires_at);

create function keep_extension() returns trigger
language plpgsql set search_path from current as $$
begin
  raise exception 'a hold is extended once' using errcode = '23514', constraint = 'holds_extended_once';
end $$;
create trigger keep_extension before update of extended_at on holds
  for each row when (old.extended_at is not null) execute function keep_extension();

do $$
begin
  if not exists (select from pg_roles where rolname = 'traffic_app') then return; end if;
  grant update (extended_at) on holds to traffic_app;
end $$;
