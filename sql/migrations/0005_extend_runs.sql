alter table runs
  add column place smallint, -- which of the three places it waits in, or waited in
  add column stop_requested_at timestamptz, -- the process that drives the run looks at it once a second
  add column starred boolean not null default false, -- the baseline of its scenario
  add column script_hash text, -- SHA-256 of the script, hex
  add column machine text,
  add column preset text,
  add column limited_by text,
  add column segment jsonb,
  add column capacity jsonb,
  add column thresholds jsonb not null default '[]',
  add constraint runs_three_places check (place between 1 and 3),
  add constraint runs_waiting_has_place check (state <> 'queued' or place is not null),
  add constraint runs_star_needs_verdict check (not starred or verdict is not null);

create unique index runs_one_for_each_place on runs (place) where state = 'queued';

create unique index runs_one_star_for_each_scenario on runs (scenario) where starred;
