-- What a sale was set to, and since when. Whoever judges a moment reads the settings of that moment. Nothing here is ever changed.

-- Of a waiting room. The order of (generation, entry_id) is that of its calls, so that no clock decides which of them came first.
create table queue_settings (
  sale_id text not null,
  generation bigint not null,
  entry_id text not null, -- of the stream; 0-0 is what this copy of the room began with
  since timestamptz not null, -- by the room's clock
  admit_per_minute integer not null,
  waiting_room_cap integer not null,
  shopper_capacity integer not null,
  call_window_ms integer not null,
  admission_length_ms integer not null,
  paused boolean not null,
  closed boolean not null,
  assumed boolean not null default false, -- nobody wrote them down then: they are those of the day this table was made
  constraint queue_settings_once primary key (sale_id, generation, entry_id)
);

-- Of the box office, by the clock that stamps its holds.
create table sale_settings (
  entry_no bigint generated always as identity primary key,
  sale_id text not null,
  since timestamptz not null,
  max_tickets_per_user integer not null,
  hold_length_ms integer not null,
  assumed boolean not null default false -- as above
);
create index sale_settings_of_sale on sale_settings (sale_id, entry_no);

insert into queue_settings (
  sale_id, generation, entry_id, since, admit_per_minute, waiting_room_cap, shopper_capacity, call_window_ms, admission_length_ms,
  paused, closed, assumed
)
select
  sale_id, 0, '0-0', queue_rooms.created_at, admit_per_minute, waiting_room_cap, shopper_capacity, call_window_ms, admission_length_ms,
  false, false, true
from queue_rooms join sales using (sale_id);

insert into sale_settings (sale_id, since, max_tickets_per_user, hold_length_ms, assumed)
select sale_id, created_at, max_tickets_per_user, hold_length_ms, true from sales order by created_at;

create function keep_settings() returns trigger
language plpgsql set search_path from current as $$
begin
  raise exception 'past settings are kept as they were' using errcode = '23514', constraint = 'settings_kept';
end $$;
create trigger keep_settings before update or delete on queue_settings for each statement execute function keep_settings();
create trigger keep_settings before update or delete on sale_settings for each statement execute function keep_settings();

do $$
begin
  if not exists (select from pg_roles where rolname = 'traffic_app') then return; end if;
  grant select, insert on queue_settings, sale_settings to traffic_app;
end $$;
