-- The box office: events, sales, seats, holds, orders, payments, tickets.
-- What must never happen is refused here, by a constraint with a name; the code says the name in words to the client.

create type seat_state as enum ('available', 'held', 'sold');
create type order_status as enum ('pending', 'paid', 'expired');
create type ticket_status as enum ('valid', 'used', 'revoked');

create table events (
  event_id text primary key,
  gate_no integer generated always as identity constraint events_gate_no_once unique, -- what a ticket's code carries
  name text not null,
  venue text not null,
  city text,
  category text,
  starts_at timestamptz not null,
  created_at timestamptz not null
);
create index events_by_start on events (starts_at, event_id);

create table sales (
  sale_id text primary key,
  event_id text not null constraint sales_event references events,
  queue_opens_at timestamptz not null,
  opens_at timestamptz not null,
  ends_at timestamptz not null,
  total_seats integer not null constraint sales_seats_in_bounds check (total_seats between 1 and 200000),
  admit_per_minute integer not null check (admit_per_minute >= 0),
  waiting_room_cap integer not null check (waiting_room_cap > 0),
  max_tickets_per_user integer not null check (max_tickets_per_user > 0),
  shopper_capacity integer not null check (shopper_capacity > 0),
  call_window_ms integer not null check (call_window_ms > 0),
  admission_length_ms integer not null check (admission_length_ms > 0),
  hold_length_ms integer not null check (hold_length_ms > 0),
  message text not null default '',
  paused boolean not null default false,
  closed boolean not null default false,
  created_at timestamptz not null,
  constraint sales_times_in_order check (queue_opens_at <= opens_at and opens_at < ends_at)
);
create index sales_by_event on sales (event_id, opens_at);
create index sales_live on sales (created_at desc) where not closed;

-- Best section first. Seats of one section cost the same, and their ids are one range.
create table sections (
  sale_id text not null references sales,
  section_no smallint not null,
  name text not null,
  price_cents integer not null check (price_cents >= 0),
  first_seat_id text not null,
  last_seat_id text not null,
  primary key (sale_id, section_no),
  constraint section_named_once unique (sale_id, name)
);

-- How many seats are in which state, kept by the triggers below.
-- A section is counted in eight stripes, by row, so that buyers of one section do not wait for one counter.
create table seat_stock (
  sale_id text not null,
  section_no smallint not null,
  stripe smallint not null,
  total integer not null,
  available integer not null,
  held integer not null,
  sold integer not null,
  primary key (sale_id, section_no, stripe),
  constraint seat_stock_section foreign key (sale_id, section_no) references sections,
  constraint seat_stock_adds_up check (available + held + sold = total),
  constraint sold_not_over_seats check (available >= 0 and held >= 0 and sold between 0 and total)
) with (fillfactor = 50);

-- The right to shop, copied from a verified admission token on its first use.
create table shop_admissions (
  admission_id text primary key,
  sale_id text not null constraint shop_admissions_sale references sales,
  account_id text not null constraint shop_admissions_account references accounts (id),
  granted_at timestamptz not null,
  ends_at timestamptz not null,
  finished_at timestamptz, -- paid or left: it opens nothing any more
  constraint shop_admissions_length check (ends_at > granted_at),
  constraint shop_admissions_whole unique (admission_id, sale_id, account_id, granted_at, ends_at)
);

create table holds (
  hold_id text primary key,
  sale_id text not null,
  account_id text not null,
  admission_id text not null,
  admission_granted_at timestamptz not null,
  admission_ends_at timestamptz not null,
  seats smallint not null constraint holds_some_seats check (seats > 0),
  taken_at timestamptz not null,
  expires_at timestamptz not null,
  released_at timestamptz,
  consumed_at timestamptz,
  constraint holds_in_sale unique (hold_id, sale_id),
  constraint holds_of_account unique (hold_id, sale_id, account_id),
  constraint holds_admission foreign key (admission_id, sale_id, account_id, admission_granted_at, admission_ends_at)
    references shop_admissions (admission_id, sale_id, account_id, granted_at, ends_at) on update cascade,
  constraint holds_within_admission check (taken_at >= admission_granted_at and taken_at < admission_ends_at),
  constraint holds_end_later check (expires_at > taken_at),
  constraint holds_end_once check (released_at is null or consumed_at is null)
);
create unique index one_live_hold on holds (sale_id, account_id) where released_at is null and consumed_at is null;
create index holds_due on holds (expires_at, hold_id) where released_at is null and consumed_at is null;

create table orders (
  order_id text primary key,
  sale_id text not null,
  account_id text not null,
  hold_id text not null constraint one_order_per_hold unique,
  admission_id text not null,
  admission_granted_at timestamptz not null,
  admission_ends_at timestamptz not null,
  status order_status not null default 'pending',
  amount_cents bigint not null check (amount_cents >= 0),
  holder_name text not null,
  placed_at timestamptz not null,
  paid_at timestamptz,
  constraint orders_of_account unique (order_id, sale_id, account_id),
  constraint orders_of_hold unique (order_id, sale_id, hold_id),
  constraint orders_amount unique (order_id, amount_cents),
  constraint orders_hold foreign key (hold_id, sale_id, account_id) references holds (hold_id, sale_id, account_id),
  constraint orders_admission foreign key (admission_id, sale_id, account_id, admission_granted_at, admission_ends_at)
    references shop_admissions (admission_id, sale_id, account_id, granted_at, ends_at) on update cascade,
  constraint orders_within_admission check (placed_at >= admission_granted_at and placed_at < admission_ends_at),
  constraint orders_paid_shape check ((status = 'paid') = (paid_at is not null))
);
create unique index one_open_order on orders (sale_id, account_id) where status = 'pending';
create unique index one_paid_order_per_admission on orders (admission_id) where status = 'paid';
create index orders_paid on orders (sale_id, account_id) where status = 'paid';

-- seat_id: the first 21 characters of the sale's id and five for the seat's number, in the order of section, row and number.
create table seats (
  sale_id text not null,
  seat_id text not null,
  section_no smallint not null,
  row_no smallint not null,
  num smallint not null,
  stripe smallint not null generated always as (row_no % 8) stored,
  state seat_state not null default 'available',
  hold_id text,
  order_id text,
  primary key (seat_id, sale_id), -- in this order, so that no plan reads a whole sale to find one seat
  -- A sold seat keeps the hold that it was sold through, so that it can be sold to the order of that hold only.
  constraint seat_state_shape check (
    case state
      when 'available' then hold_id is null and order_id is null
      when 'held' then hold_id is not null and order_id is null
      when 'sold' then hold_id is not null and order_id is not null
    end
  ),
  constraint seats_hold foreign key (hold_id, sale_id) references holds (hold_id, sale_id),
  constraint seats_order foreign key (order_id, sale_id, hold_id) references orders (order_id, sale_id, hold_id)
) with (fillfactor = 70);
create index seats_available on seats (sale_id, seat_id) where state = 'available';
create index seats_by_hold on seats (hold_id) where hold_id is not null;

create table order_lines (
  order_id text not null,
  sale_id text not null,
  account_id text not null,
  seat_id text not null,
  price_cents integer not null check (price_cents >= 0),
  primary key (order_id, sale_id, account_id, seat_id),
  constraint order_lines_order foreign key (order_id, sale_id, account_id) references orders (order_id, sale_id, account_id),
  constraint order_lines_seat foreign key (sale_id, seat_id) references seats (sale_id, seat_id)
);

create table payments (
  payment_id text primary key,
  order_id text not null,
  attempt smallint not null,
  provider text not null,
  provider_ref text not null,
  amount_cents bigint not null,
  status text not null constraint payments_status check (status in ('captured', 'failed')),
  made_at timestamptz not null,
  constraint payments_of_the_whole_order foreign key (order_id, amount_cents) references orders (order_id, amount_cents),
  constraint payments_attempt_once unique (order_id, attempt),
  constraint payments_ref_once unique (provider, provider_ref)
);
create unique index one_capture on payments (order_id) where status = 'captured';

create table tickets (
  ticket_id text primary key,
  sale_id text not null,
  seat_id text not null,
  order_id text not null,
  account_id text not null,
  holder_name text not null,
  generation smallint not null default 1, -- 2 and up: issued again after the one before was revoked
  status ticket_status not null default 'valid',
  issued_at timestamptz not null,
  revoked_at timestamptz,
  constraint tickets_line foreign key (order_id, sale_id, account_id, seat_id) references order_lines,
  constraint tickets_generation_once unique (order_id, seat_id, generation),
  constraint tickets_revoked_shape check ((status = 'revoked') = (revoked_at is not null))
);
create unique index one_live_ticket on tickets (sale_id, seat_id) where status in ('valid', 'used');
create index tickets_by_account on tickets (account_id, ticket_id);

-- How many tickets one account has and is about to have; kept by the triggers below, from holds and tickets alone.
create table purchase_caps (
  sale_id text not null,
  account_id text not null,
  cap integer not null,
  held integer not null default 0 constraint cap_held_not_negative check (held >= 0),
  sold integer not null default 0 constraint cap_sold_not_negative check (sold >= 0),
  primary key (sale_id, account_id),
  constraint cap_not_exceeded check (held + sold <= cap)
) with (fillfactor = 70);

create table idempotency (
  sale_id text not null,
  account_id text not null,
  operation text not null,
  key text not null,
  fingerprint text not null, -- sha256 of the body
  answer text not null, -- JSON
  answered_at timestamptz not null,
  constraint idempotency_once primary key (sale_id, account_id, operation, key)
);
create index idempotency_by_age on idempotency (answered_at);

-- One row: until when expired holds have been looked for. A gap is an outage.
create table sweeps (
  only_row boolean primary key default true check (only_row),
  swept_at timestamptz
);
insert into sweeps default values;

-- Five characters of Crockford's alphabet for the number of a seat.
create function seat_code(n integer) returns text
language sql immutable parallel safe
return substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (n >> 20 & 31) + 1, 1)
  || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (n >> 15 & 31) + 1, 1)
  || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (n >> 10 & 31) + 1, 1)
  || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (n >> 5 & 31) + 1, 1)
  || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (n & 31) + 1, 1);

create function count_new_seats() returns trigger
language plpgsql security definer set search_path from current as $$
begin
  insert into seat_stock as stock (sale_id, section_no, stripe, total, available, held, sold)
  select
    sale_id, section_no, stripe, count(*),
    count(*) filter (where state = 'available'), count(*) filter (where state = 'held'), count(*) filter (where state = 'sold')
  from new_seats
  group by sale_id, section_no, stripe
  order by sale_id, section_no, stripe
  on conflict (sale_id, section_no, stripe) do update set
    total = stock.total + excluded.total,
    available = stock.available + excluded.available,
    held = stock.held + excluded.held,
    sold = stock.sold + excluded.sold;
  return null;
end $$;
create trigger count_new_seats after insert on seats
  referencing new table as new_seats for each statement execute function count_new_seats();

-- Locks the counters in one order, after the seats: whoever waits here waits for nobody who waits for a seat.
create function count_moved_seats() returns trigger
language plpgsql security definer set search_path from current as $$
begin
  with moved as (
    select
      sale_id, section_no, stripe,
      sum((n.state = 'available')::int - (o.state = 'available')::int) as available,
      sum((n.state = 'held')::int - (o.state = 'held')::int) as held,
      sum((n.state = 'sold')::int - (o.state = 'sold')::int) as sold
    from new_seats n join old_seats o using (sale_id, seat_id, section_no, stripe)
    where n.state <> o.state
    group by sale_id, section_no, stripe
  ), locked as materialized (
    select sale_id, section_no, stripe
    from seat_stock join moved using (sale_id, section_no, stripe)
    order by sale_id, section_no, stripe
    for update of seat_stock
  )
  update seat_stock stock set
    available = stock.available + moved.available,
    held = stock.held + moved.held,
    sold = stock.sold + moved.sold
  from locked join moved using (sale_id, section_no, stripe)
  where (stock.sale_id, stock.section_no, stock.stripe) = (locked.sale_id, locked.section_no, locked.stripe);
  return null;
end $$;
create trigger count_moved_seats after update on seats
  referencing old table as old_seats new table as new_seats for each statement execute function count_moved_seats();

-- A hold counts against its account's cap before any seat is touched: past the cap the hold cannot exist.
create function count_hold() returns trigger
language plpgsql security definer set search_path from current as $$
begin
  insert into purchase_caps as counted (sale_id, account_id, cap, held)
  select new.sale_id, new.account_id, max_tickets_per_user, new.seats from sales where sale_id = new.sale_id
  on conflict (sale_id, account_id) do update set cap = excluded.cap, held = counted.held + excluded.held;
  return null;
end $$;
create trigger count_hold after insert on holds for each row execute function count_hold();

create function count_released_hold() returns trigger
language plpgsql security definer set search_path from current as $$
begin
  update purchase_caps set held = held - old.seats where sale_id = old.sale_id and account_id = old.account_id;
  return null;
end $$;
create trigger count_released_hold after update of released_at on holds
  for each row when (old.released_at is null and new.released_at is not null) execute function count_released_hold();

-- An admission's end may move with an outage, and it may finish once; whose it is stays.
create function keep_admission() returns trigger
language plpgsql set search_path from current as $$
begin
  raise exception 'an admission stays with its account' using errcode = '23514', constraint = 'shop_admissions_kept';
end $$;
create trigger keep_admission before update on shop_admissions
  for each row when (
    (old.admission_id, old.sale_id, old.account_id, old.granted_at) is distinct from (new.admission_id, new.sale_id, new.account_id, new.granted_at)
    or new.ends_at < old.ends_at or old.finished_at is not null and new.finished_at is distinct from old.finished_at
  ) execute function keep_admission();

-- A ticket moves its account's count from held to sold. Who has nothing held gets no ticket.
create function count_tickets() returns trigger
language plpgsql security definer set search_path from current as $$
begin
  if exists (
    select from new_tickets n
    left join purchase_caps counted using (sale_id, account_id)
    where n.generation = 1 and counted.cap is null
  ) then
    raise exception 'a ticket needs a hold' using errcode = '23514', constraint = 'cap_not_exceeded';
  end if;
  update purchase_caps counted set held = held - issued.n, sold = sold + issued.n
  from (select sale_id, account_id, count(*) as n from new_tickets where generation = 1 group by sale_id, account_id) issued
  where counted.sale_id = issued.sale_id and counted.account_id = issued.account_id;
  return null;
end $$;
create trigger count_tickets after insert on tickets
  referencing new table as new_tickets for each statement execute function count_tickets();

-- Tickets cannot be transferred, not even by the owner of the table.
create function keep_ticket_personal() returns trigger
language plpgsql as $$
begin
  if (new.ticket_id, new.sale_id, new.seat_id, new.order_id, new.account_id, new.holder_name, new.generation)
    is distinct from (old.ticket_id, old.sale_id, old.seat_id, old.order_id, old.account_id, old.holder_name, old.generation) then
    raise exception 'a ticket stays with its holder' using errcode = '42501', constraint = 'tickets_stay_personal';
  end if;
  return new;
end $$;
create trigger keep_ticket_personal before update on tickets for each row execute function keep_ticket_personal();

-- The rights that the application needs and no others, for operators who let it sign in as a member of traffic_app.
-- Counters are written by the triggers alone. Where the migration may not make roles, it goes without.
do $$
begin
  create role traffic_app nologin;
exception when duplicate_object or unique_violation or insufficient_privilege then null;
end $$;
do $$
begin
  if not exists (select from pg_roles where rolname = 'traffic_app') then return; end if;
  execute format('grant usage on schema %I to traffic_app', current_schema());
  grant select on
    events, sales, sections, seats, seat_stock, shop_admissions, holds, orders, order_lines, payments, tickets, purchase_caps, idempotency, sweeps
    to traffic_app;
  grant insert on events, sales, sections, seats, shop_admissions, holds, orders, order_lines, payments, tickets, idempotency to traffic_app;
  grant update (
    queue_opens_at, opens_at, ends_at, admit_per_minute, waiting_room_cap, max_tickets_per_user, shopper_capacity, call_window_ms,
    admission_length_ms, hold_length_ms, message, paused, closed
  ) on sales to traffic_app;
  grant update (ends_at, finished_at) on shop_admissions to traffic_app;
  grant update (expires_at, released_at, consumed_at) on holds to traffic_app;
  grant update (status, paid_at, holder_name, admission_id, admission_granted_at, admission_ends_at, placed_at) on orders to traffic_app;
  grant update (state, hold_id, order_id) on seats to traffic_app;
  grant update (status, revoked_at) on tickets to traffic_app;
  grant update (swept_at) on sweeps to traffic_app;
  grant update (answered_at), delete on idempotency to traffic_app; -- the update is for its row locks
end $$;
