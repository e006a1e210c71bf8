create table runs (
  id text primary key,
  scenario text not null,
  state text not null,
  settings jsonb not null,
  seed bigint not null,
  sale_id text,
  node text not null, -- the process that drives the run
  traffic_version text not null,
  k6_version text,
  verdict text,
  failures jsonb not null default '[]',
  checks jsonb not null default '[]',
  metrics jsonb not null default '{}',
  series jsonb not null default '[]', -- one point a second
  created_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz,
  seen_at timestamptz not null, -- the last sign of life of its process
  constraint runs_state_known check (
    state in ('queued', 'preparing', 'armed', 'running', 'auditing', 'passed', 'failed', 'inconclusive', 'cancelled', 'interrupted', 'error')
  ),
  constraint runs_verdict_known check (verdict in ('PASS', 'FAIL', 'INCONCLUSIVE')),
  constraint runs_ended_when_final check (
    (ended_at is not null) = (state in ('passed', 'failed', 'inconclusive', 'cancelled', 'interrupted', 'error'))
  )
);

create index runs_newest on runs (created_at desc, id desc);

-- Two runs on one machine would measure each other.
create unique index runs_one_at_a_time on runs ((true)) where ended_at is null and state <> 'queued';
