-- A grant that nobody closed, or (verify) one closed at `amount_nano`: {id, amount_nano, single, scopes, windows (ms),
-- covered, settle_by_ms}. The row of what its rows did not pay names all scopes of its caller, as theirs do, so that key
-- and team show the charge whether or not they have a limit; only in windows that the grant covers does its lease pay.
-- Without `covered`, as a version before this one asks, it covers all it names.
-- Answers what the lease has paid for the grant; asked again, it answers the same.
CREATE OR REPLACE FUNCTION expire_grants(p_ledger text, p_grants jsonb)
RETURNS TABLE (grant_id text, paid bigint) LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
  v_grant record;
  v_starts timestamptz[];
  v_covered boolean[];
  v_rows bigint;
  v_logged bigint;
  v_rest bigint;
BEGIN
  PERFORM lock_windows(
    ARRAY(SELECT s FROM jsonb_array_elements(p_grants) g, jsonb_array_elements_text(g->'scopes') s),
    ARRAY(SELECT time_of_ms(w::bigint) FROM jsonb_array_elements(p_grants) g, jsonb_array_elements_text(g->'windows') w));
  FOR v_grant IN
    SELECT g.*, day_of_id(g.id) AS day, time_of_ms(g.settle_by_ms) AS settle_by
    FROM jsonb_to_recordset(p_grants)
      AS g(
        id text, amount_nano bigint, single boolean, scopes text[], windows bigint[], covered boolean[], settle_by_ms bigint)
    ORDER BY g.id
  LOOP
    IF EXISTS (SELECT FROM spend_log s WHERE s.day = v_grant.day AND s.id = 'expired:' || v_grant.id) THEN
      RETURN QUERY SELECT v_grant.id, v_grant.amount_nano;
      CONTINUE;
    END IF;
    -- From a day earlier: the clock that named the attempt may be behind the one that named the grant.
    SELECT count(*), coalesce(sum(least(s.cost_nano, s.hold_nano)), 0) INTO v_rows, v_logged FROM spend_log s
      WHERE s.grant_id = v_grant.id AND s.kind = 'request'
        AND s.day BETWEEN v_grant.day - 1 AND utc_day(v_grant.settle_by);
    v_rest := CASE WHEN v_grant.single AND v_rows > 0 THEN 0 ELSE greatest(0, v_grant.amount_nano - v_logged) END;
    IF v_rest > 0 THEN
      v_starts := ARRAY(SELECT time_of_ms(w.ms) FROM unnest(v_grant.windows) WITH ORDINALITY AS w(ms, n) ORDER BY w.n);
      v_covered := coalesce(v_grant.covered, array_fill(true, ARRAY[cardinality(v_starts)]));
      INSERT INTO spend_log (
        day, id, kind, ledger, grant_id, single, hold_nano, cost_nano, scopes, windows, covered,
        call_type, status, start_time, end_time)
      VALUES (
        v_grant.day, 'expired:' || v_grant.id, 'expired', p_ledger, v_grant.id, v_grant.single, v_rest, v_rest,
        v_grant.scopes, v_starts, v_covered,
        'expired', 'failure', time_of_id(v_grant.id), v_grant.settle_by);
      WITH payments AS (
        SELECT l.scope, l.window_start, least(v_rest, l.granted - l.returned - l.charged) AS paid FROM budget_lease l
        WHERE l.ledger = p_ledger AND (l.scope, l.window_start) IN (
          SELECT k.scope, k.start FROM unnest(v_grant.scopes, v_starts, v_covered) AS k(scope, start, covered) WHERE k.covered)
      ), leases AS (
        UPDATE budget_lease l SET charged = l.charged + p.paid FROM payments p
        WHERE l.scope = p.scope AND l.window_start = p.window_start AND l.ledger = p_ledger
      )
      UPDATE budget_window w SET spent = w.spent + v_rest, leased = w.leased - coalesce((
          SELECT p.paid FROM payments p WHERE p.scope = w.scope AND p.window_start = w.window_start), 0)
        WHERE (w.scope, w.window_start) IN (SELECT * FROM unnest(v_grant.scopes, v_starts));
    END IF;
    RETURN QUERY SELECT v_grant.id,
      CASE WHEN v_grant.single AND v_rows > 0 THEN v_logged ELSE v_grant.amount_nano END;
  END LOOP;
END $$;
