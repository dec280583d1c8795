-- The days that were recorded before they were added up. A statement that began before 0030 was committed still records
-- without adding up, so all of those end first; whoever records then waits, and every day is made anew from the log.
DO $$
DECLARE
  v_day date;
  v_rows spend_log[];
  v_last text;
BEGIN
  FOR v_try IN 1..300 LOOP
    PERFORM pg_stat_clear_snapshot();
    -- Another migrator waits for this one.
    EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
      AND a.backend_type = 'client backend' AND a.xact_start < now() AND a.wait_event IS DISTINCT FROM 'advisory');
    IF v_try = 300 THEN
      RAISE EXCEPTION 'a transaction has been open for half a minute: end it (pg_stat_activity shows it), then migrate again';
    END IF;
    PERFORM pg_sleep(0.1);
  END LOOP;
  LOCK TABLE spend_log IN SHARE ROW EXCLUSIVE MODE;
  DELETE FROM spend_daily;
  FOR v_day IN SELECT DISTINCT day FROM spend_log ORDER BY 1 LOOP
    v_last := '';
    LOOP
      SELECT array_agg(t.row), max(t.id) INTO v_rows, v_last FROM (
        SELECT s AS row, s.id FROM spend_log s WHERE s.day = v_day AND s.id > v_last ORDER BY s.id LIMIT 5000
      ) t;
      EXIT WHEN v_rows IS NULL;
      PERFORM roll_up(v_rows);
    END LOOP;
  END LOOP;
END $$;
