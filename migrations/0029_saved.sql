-- What an answer out of the cache would have cost: zero for everything else, and for events of before.
ALTER TABLE spend_log ADD COLUMN saved_nano bigint NOT NULL DEFAULT 0;
--> statement-breakpoint
-- `record_spend` takes it from the event. The function is changed where it stands, so that nothing else of it is repeated.
DO $$
DECLARE
  v_old text := pg_get_functiondef('record_spend(jsonb)'::regprocedure);
  v_new text := replace(replace(replace(v_old,
    'end_time, cache_hit, http_status', 'end_time, cache_hit, saved_nano, http_status'),
    'r.cache_hit, r.http_status', 'r.cache_hit, coalesce(r.saved_nano, 0), r.http_status'),
    'cache_hit boolean, http_status int', 'cache_hit boolean, saved_nano bigint, http_status int');
BEGIN
  IF length(v_new) <> length(v_old) + length(', saved_nano') + length(', coalesce(r.saved_nano, 0)') + length(', saved_nano bigint') THEN
    RAISE EXCEPTION 'record_spend is not as this migration knows it';
  END IF;
  EXECUTE v_new;
END $$;
