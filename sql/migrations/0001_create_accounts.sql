create table accounts (
  id text primary key,
  email text constraint accounts_email_once unique, -- lower case; none for the fans of a run
  password_hash text, -- argon2id
  created_at timestamptz not null,
  constraint accounts_sign_in_shape check ((email is null) = (password_hash is null))
);
