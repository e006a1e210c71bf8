-- Admissions and holds that were noted on a clock that went too fast are set back, with the time that they have left.
drop trigger keep_admission on shop_admissions;
create trigger keep_admission before update on shop_admissions
  for each row when (
    (old.admission_id, old.sale_id, old.account_id) is distinct from (new.admission_id, new.sale_id, new.account_id)
    or old.finished_at is not null and new.finished_at is distinct from old.finished_at
    or (old.granted_at is distinct from new.granted_at or new.ends_at < old.ends_at)
      and current_setting('traffic.sets_times_back', true) is distinct from 'on'
  ) execute function keep_admission();

drop trigger keep_extension on holds;
create trigger keep_extension before update of extended_at on holds
  for each row when (
    old.extended_at is not null and current_setting('traffic.sets_times_back', true) is distinct from 'on'
  ) execute function keep_extension();

-- Of one sale, or of all: what was granted or taken after right_now. With too_long also what lasts longer than it can: an
-- admission or a hold that ends later than a new one would. Nothing ends because of it, and a minute's difference is let be.
create function set_times_back(right_now timestamptz, of_sale text, too_long boolean, out admissions integer, out holds integer)
language plpgsql security definer set search_path from current as $$
declare
  each record;
  count_now integer;
begin
  perform set_config('traffic.sets_times_back', 'on', true);
  admissions := 0;
  holds := 0;
  for each in
    select admission_id,
      greatest(
        least(
          admission.ends_at - greatest(granted_at - right_now, interval '0'),
          case when too_long then right_now + admission_length_ms * interval '1 millisecond' else 'infinity' end
        ),
        right_now + interval '1 second'
      ) as ends
    from shop_admissions admission
    join sales using (sale_id)
    where finished_at is null and (of_sale is null or sale_id = of_sale)
      and (
        granted_at > right_now + interval '1 minute'
        or too_long and admission.ends_at > right_now + admission_length_ms * interval '1 millisecond' + interval '1 minute'
      )
    order by admission_id
    for no key update of admission
  loop
    -- In this order no row breaks, between two statements, what ties a hold and an order to their admission.
    update shop_admissions set granted_at = least(granted_at, right_now) where admission_id = each.admission_id;
    update holds hold set
      expires_at = case
        when released_at is null and consumed_at is null
          then greatest(least(expires_at - greatest(taken_at - right_now, interval '0'), each.ends), right_now + interval '1 millisecond')
        else expires_at
      end,
      extended_at = least(extended_at, right_now),
      taken_at = least(taken_at, right_now)
      where hold.admission_id = each.admission_id and (hold.taken_at > right_now or hold.expires_at > each.ends);
    get diagnostics count_now = row_count;
    holds := holds + count_now;
    update orders set placed_at = least(placed_at, right_now) where admission_id = each.admission_id and placed_at > right_now;
    update shop_admissions set ends_at = each.ends where admission_id = each.admission_id;
    admissions := admissions + 1;
  end loop;
  if too_long then
    update holds hold
      set expires_at = right_now + hold_length_ms * case when extended_at is null then 1 else 2 end * interval '1 millisecond',
        extended_at = least(extended_at, right_now)
      from sales sale
      where sale.sale_id = hold.sale_id and (of_sale is null or hold.sale_id = of_sale)
        and released_at is null and consumed_at is null
        and expires_at > right_now + interval '1 minute'
          + hold_length_ms * case when extended_at is null then 1 else 2 end * interval '1 millisecond';
    get diagnostics count_now = row_count;
    holds := holds + count_now;
    update sweeps set swept_at = right_now where swept_at > right_now + interval '1 minute';
  end if;
  perform set_config('traffic.sets_times_back', '', true);
end $$;
revoke execute on function set_times_back(timestamptz, text, boolean) from public;

do $$
begin
  if not exists (select from pg_roles where rolname = 'traffic_app') then return; end if;
  grant execute on function set_times_back(timestamptz, text, boolean) to traffic_app;
end $$;
