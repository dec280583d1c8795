-- One partition per UTC day from yesterday until `p_days` after `p_today`; answers how many were made. Rows of a day
-- that had none lie in spend_log_default and move over. Cheap when there is nothing to do; several callers take turns.
-- Locks: the parent, against other makers only; then the default partition, which whoever records spend holds last.
CREATE FUNCTION make_spend_partitions(p_today date, p_days int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  v_day date;
  v_name text;
  v_made int := 0;
BEGIN
  FOR v_day IN SELECT d::date FROM generate_series(p_today - 1, p_today + p_days, interval '1 day') d LOOP
    v_name := 'spend_log_' || to_char(v_day, 'YYYYMMDD');
    CONTINUE WHEN to_regclass(v_name) IS NOT NULL;
    LOCK TABLE ONLY spend_log IN SHARE UPDATE EXCLUSIVE MODE;
    CONTINUE WHEN to_regclass(v_name) IS NOT NULL;
    LOCK TABLE spend_log_default IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('CREATE TABLE %I (LIKE spend_log INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', v_name);
    EXECUTE format('WITH moved AS (DELETE FROM spend_log_default WHERE day = %L RETURNING *) INSERT INTO %I SELECT * FROM moved', v_day, v_name);
    EXECUTE format('ALTER TABLE spend_log ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', v_name, v_day, v_day + 1);
    v_made := v_made + 1;
  END LOOP;
  RETURN v_made;
END $$;
--> statement-breakpoint
SELECT make_spend_partitions(utc_day(now()), 14);
