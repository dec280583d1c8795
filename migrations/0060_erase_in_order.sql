-- As in 0001, but a window that was taken away while it was waited for is made anew, so that what is spent in it is not
-- lost. What is asked for is sorted once.
CREATE OR REPLACE FUNCTION lock_windows(p_scopes text[], p_starts timestamptz[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_scopes text[];
  v_starts timestamptz[];
  v_locked int;
BEGIN
  SELECT array_agg(k.scope), array_agg(k.start) INTO v_scopes, v_starts FROM (
    SELECT DISTINCT u.scope, u.start FROM unnest(p_scopes, p_starts) AS u(scope, start) ORDER BY 1, 2
  ) k;
  LOOP
    INSERT INTO budget_window (scope, window_start)
      SELECT k.scope, k.start FROM unnest(v_scopes, v_starts) AS k(scope, start) ON CONFLICT DO NOTHING;
    PERFORM 1 FROM budget_window w
      WHERE (w.scope, w.window_start) IN (SELECT * FROM unnest(v_scopes, v_starts))
      ORDER BY w.scope, w.window_start FOR UPDATE;
    GET DIAGNOSTICS v_locked = ROW_COUNT;
    EXIT WHEN v_locked >= coalesce(cardinality(v_scopes), 0);
  END LOOP;
END $$;
--> statement-breakpoint
-- Erasing a person takes its locks in the order of those who record, so that nobody waits in a circle: every window it may
-- touch before it changes one, then days in the order of their key.
--
-- The days of a person become the pseudonym's; of late ones the pseudonym may have its own, and they get a name beside it.
-- Whoever was made anew under the same id keeps what is theirs.
CREATE FUNCTION erase_days(p_user_id text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_erasure erasure;
  v_beside text;
BEGIN
  SELECT * INTO v_erasure FROM erasure WHERE user_id = p_user_id;
  FOREACH v_beside IN ARRAY ARRAY['', ':' || gen_random_uuid()] LOOP
    BEGIN
      WITH locked AS MATERIALIZED (
        SELECT d.day, d.key_id, d.model, d.model_group, d.provider FROM spend_daily d
        WHERE d.kind = 'user' AND d.entity = left(p_user_id, 200) AND (d.day < utc_day(v_erasure.requested_at)
          OR NOT EXISTS (SELECT FROM internal_user u WHERE u.user_id = p_user_id))
        ORDER BY 1, 2, 3, 4, 5 FOR UPDATE OF d
      )
      UPDATE spend_daily d SET entity = v_erasure.pseudonym || v_beside FROM locked l
        WHERE d.kind = 'user' AND d.entity = left(p_user_id, 200) AND d.day = l.day AND d.key_id = l.key_id
          AND d.model = l.model AND d.model_group = l.model_group AND d.provider = l.provider;
      RETURN;
    EXCEPTION WHEN unique_violation THEN
      IF v_beside <> '' THEN RAISE; END IF;
    END;
  END LOOP;
END $$;
--> statement-breakpoint
-- The same of the names that a person without a key goes by (0039), in everyone's days: all names at once, since days are
-- locked by kind before key.
CREATE FUNCTION erase_bearer_days(p_user_id text, p_like text, p_new text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_erasure erasure;
  v_names text[];
  v_days date[];
  v_beside text;
BEGIN
  SELECT * INTO v_erasure FROM erasure WHERE user_id = p_user_id;
  SELECT array_agg(DISTINCT d.key_id), array_agg(DISTINCT d.day) INTO v_names, v_days FROM spend_daily d
    WHERE d.kind = 'user' AND d.entity = left(p_user_id, 200) AND d.key_id ~ p_like AND (d.day < utc_day(v_erasure.requested_at)
      OR NOT EXISTS (SELECT FROM internal_user u WHERE u.user_id = p_user_id));
  FOREACH v_beside IN ARRAY ARRAY['', ':' || gen_random_uuid()] LOOP
    BEGIN
      WITH locked AS MATERIALIZED (
        SELECT d.kind, d.entity, d.day, d.key_id, d.model, d.model_group, d.provider FROM spend_daily d
        WHERE d.key_id = ANY (v_names) AND d.day = ANY (v_days) ORDER BY 1, 2, 3, 4, 5, 6, 7 FOR UPDATE OF d
      )
      UPDATE spend_daily d SET key_id = regexp_replace(d.key_id, p_like, p_new) || v_beside FROM locked l
        WHERE d.kind = l.kind AND d.entity = l.entity AND d.day = l.day AND d.key_id = l.key_id
          AND d.model = l.model AND d.model_group = l.model_group AND d.provider = l.provider;
      RETURN;
    EXCEPTION WHEN unique_violation THEN
      IF v_beside <> '' THEN RAISE; END IF;
    END;
  END LOOP;
END $$;
--> statement-breakpoint
-- The functions are changed where they stand, so that nothing else of them is repeated.
DO $do$
DECLARE
  v_from text;
  v_to text;
  v_text text := pg_get_functiondef('erase_spend(text, int)'::regprocedure);
  -- From where, to where (not included), and what stands there instead.
  v_changes text[][] := ARRAY[
    ['v_ids text[];', E'\nBEGIN', $new$v_ids text[];
  v_scopes text[];
  v_starts timestamptz[];$new$],
    ['-- Both names of each window at once', 'WITH moved AS (', $new$-- What the rows cost is read under these locks: the person's windows, with the last rows those of days that are gone,
  -- then the pseudonym's, which nobody asks for who does not hold the person's.
  SELECT array_agg(k.scope), array_agg(k.start) INTO v_scopes, v_starts FROM (
    SELECT k.scope, k.start FROM unnest(v_days, v_ids) AS t(day, id) JOIN spend_log s ON s.day = t.day AND s.id = t.id,
      unnest(s.scopes, s.windows) AS k(scope, start) WHERE k.scope ~ v_like
    UNION
    SELECT w.scope, w.window_start FROM budget_window w WHERE cardinality(v_ids) < p_limit AND w.scope ~ v_like
  ) k;
  PERFORM lock_windows(v_scopes, v_starts);
  PERFORM lock_windows(array_agg(regexp_replace(k.scope, v_like, v_new)), array_agg(k.start))
    FROM unnest(v_days, v_ids) AS t(day, id) JOIN spend_log s ON s.day = t.day AND s.id = t.id,
      unnest(s.scopes, s.windows) AS k(scope, start)
    WHERE k.scope ~ v_like HAVING count(*) > 0;
  $new$],
    ['DELETE FROM budget_window w WHERE', ' w.scope ~ v_like AND w.leased = 0',
      'DELETE FROM budget_window w WHERE (w.scope, w.window_start) IN (SELECT * FROM unnest(v_scopes, v_starts)) AND'],
    ['-- Days, where they are added up.', 'RETURN cardinality(v_ids);', $new$PERFORM erase_days(p_user_id);
  $new$]];
BEGIN
  FOR n IN 1..4 LOOP
    v_from := substr(v_text, strpos(v_text, v_changes[n][1]));
    IF strpos(v_text, v_changes[n][1]) = 0 OR strpos(v_from, v_changes[n][2]) = 0 THEN
      RAISE EXCEPTION 'erase_spend is not as this migration knows it';
    END IF;
    v_to := substr(v_from, strpos(v_from, v_changes[n][2]));
    v_text := left(v_text, length(v_text) - length(v_from)) || v_changes[n][3] || v_to;
  END LOOP;
  EXECUTE v_text;

  v_text := pg_get_functiondef('erase_bearer(text, int)'::regprocedure);
  v_from := substr(v_text, strpos(v_text, '-- Days, as `erase_spend` treats them.'));
  v_to := substr(v_from, strpos(v_from, 'UPDATE audit_log SET changed_by_key'));
  IF v_from = v_text OR v_to = v_from THEN
    RAISE EXCEPTION 'erase_bearer is not as this migration knows it';
  END IF;
  v_text := left(v_text, length(v_text) - length(v_from)) || $new$PERFORM erase_bearer_days(p_user_id, v_like, v_new);
  $new$ || v_to;
  EXECUTE replace(v_text, E'  v_name text;\n', '');
END $do$;
