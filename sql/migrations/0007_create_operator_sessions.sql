-- Who is signed in to the console. Signing out deletes the row, and every copy of its cookie is worth nothing.
create table operator_sessions (
  session_id text primary key,
  ends_at timestamptz not null
);
create index operator_sessions_ending on operator_sessions (ends_at);
