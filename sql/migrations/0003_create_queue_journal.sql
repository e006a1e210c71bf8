-- The journal of every waiting room. Redis decides; these rows outlive it, and a lost Redis is rebuilt from them.
-- Nothing here refers to accounts or sales: a journal that refuses a row would lose a position.
create table queue_rooms (
  sale_id text constraint queue_rooms_sale_once primary key,
  generation bigint not null, -- names one copy of the room in Redis; every script checks it
  opened boolean not null default false, -- false: no join can have been acknowledged yet
  journaled_id text not null default '0-0', -- the last entry of this generation's stream that is in the tables below
  alarm text, -- set when a position was given twice; admission stays closed
  collected_at timestamptz, -- Redis no longer has the room
  created_at timestamptz not null,
  constraint queue_rooms_generation_positive check (generation > 0)
);

create table queue_entries (
  sale_id text not null,
  account_id text not null,
  position bigint not null,
  joined_at timestamptz not null,
  restored boolean not null, -- put back by a receipt
  constraint queue_entries_account_once primary key (sale_id, account_id),
  constraint queue_entries_position_once unique (sale_id, position),
  constraint queue_entries_position_positive check (position > 0)
);

-- Positions that a rebuild stepped over, because an answered one must never be given again.
create table queue_gaps (
  sale_id text not null,
  from_position bigint not null,
  to_position bigint not null,
  constraint queue_gaps_once primary key (sale_id, from_position),
  constraint queue_gaps_forward check (from_position <= to_position)
);

create table queue_calls (
  sale_id text not null,
  generation bigint not null,
  entry_id text not null, -- of the stream
  from_position bigint not null,
  to_position bigint not null,
  again boolean not null, -- somebody behind now_serving who had missed the turn or come back
  epoch bigint not null, -- of the scheduler that called
  called_at timestamptz not null,
  constraint queue_calls_once primary key (sale_id, generation, entry_id, from_position),
  constraint queue_calls_forward check (from_position <= to_position)
);
create index queue_calls_by_position on queue_calls (sale_id, to_position, from_position);

create table queue_admissions (
  admission_id text constraint queue_admissions_once primary key,
  sale_id text not null,
  account_id text not null,
  position bigint not null,
  granted_at timestamptz not null,
  ends_at timestamptz not null, -- moves when nobody could shop because the scheduler was away
  constraint queue_admissions_forward check (granted_at < ends_at)
);
create index queue_admissions_by_account on queue_admissions (sale_id, account_id, granted_at);

create table queue_finishes (
  admission_id text constraint queue_finishes_once primary key,
  sale_id text not null,
  reason text not null,
  finished_at timestamptz not null,
  constraint queue_finishes_reason_known check (reason in ('finished', 'expired'))
);
create index queue_finishes_by_sale on queue_finishes (sale_id, finished_at);
