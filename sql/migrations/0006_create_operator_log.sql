-- Who did what to a sale, in words. Nothing here is ever changed.
create table operator_log (
  entry_no bigint generated always as identity primary key,
  at timestamptz not null,
  operator text not null, -- the name that a person gave at sign-in, or "API key"
  action text not null,
  sale_id text,
  detail text not null default ''
);
create index operator_log_of_sale on operator_log (sale_id, entry_no desc);
-- What an operator has switched on for all nodes.
create table operator_switches (
  name text primary key constraint operator_switches_known check (name in ('event_mode')),
  is_on boolean not null,
  changed_at timestamptz not null
);

create function keep_operator_log() returns trigger
language plpgsql set search_path from current as $$
begin
  raise exception 'the log of operators is kept as it is' using errcode = '23514', constraint = 'operator_log_kept';
end $$;
create trigger keep_operator_log before update or delete on operator_log
  for each statement execute function keep_operator_log();
