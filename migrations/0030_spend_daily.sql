-- What was spent and asked per UTC day, added up as it is recorded: for everyone together (`all`, entity '') and for each
-- user, team, organization, customer and tag, by key, model and provider. It counts attempts, as the log does, and the
-- charges of expired grants; what only moves a window (reset, carry) is no spend of a day.
CREATE TABLE spend_daily (
  kind text NOT NULL,
  entity text NOT NULL,
  day date NOT NULL,
  key_id text NOT NULL,
  model text NOT NULL,
  model_group text NOT NULL,
  provider text NOT NULL,
  cost_nano bigint NOT NULL,
  saved_nano bigint NOT NULL,
  prompt_tokens bigint NOT NULL,
  completion_tokens bigint NOT NULL,
  cache_read_tokens bigint NOT NULL,
  cache_write_tokens bigint NOT NULL,
  total_tokens bigint NOT NULL,
  requests bigint NOT NULL,
  successes bigint NOT NULL,
  failures bigint NOT NULL,
  cache_hits bigint NOT NULL,
  PRIMARY KEY (kind, entity, day, key_id, model, model_group, provider)
);
--> statement-breakpoint
-- For reports on every entity of a kind, and for one key.
CREATE INDEX spend_daily_day ON spend_daily (kind, day);
--> statement-breakpoint
CREATE INDEX spend_daily_key ON spend_daily (key_id, day);
--> statement-breakpoint
-- An id as it was before it became a part of a scope (src/tenants/scope.ts).
CREATE FUNCTION id_in_scope(p_part text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT replace(replace(replace(replace(p_part, '%3a', ':'), '%40', '@'), '%3d', '='), '%25', '%')
$$;
--> statement-breakpoint
-- Whose day a row counts in. The row of an expired grant knows its caller by scopes alone. Long names are cut, so that
-- each row fits into an index.
CREATE FUNCTION spent_for(p_row spend_log) RETURNS TABLE (kind text, entity text) LANGUAGE sql IMMUTABLE AS $$
  SELECT DISTINCT o.kind, left(o.entity, 200) FROM (
    VALUES ('all', ''), ('user', p_row."user"), ('team', p_row.team_id), ('organization', p_row.organization_id),
      ('customer', p_row.end_user)
    UNION ALL SELECT 'tag', t FROM unnest(p_row.request_tags) t
    UNION ALL SELECT CASE m[1] WHEN 'org' THEN 'organization' ELSE m[1] END, id_in_scope(m[2])
      FROM unnest(p_row.scopes) s, regexp_match(s, '^(user|team|org|customer|tag):([^:@]+)@life$') m
      WHERE p_row.kind = 'expired' AND m IS NOT NULL
  ) o(kind, entity) WHERE o.kind = 'all' OR o.entity <> ''
$$;
--> statement-breakpoint
CREATE FUNCTION key_of(p_row spend_log) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(left(p_row.key_id, 200), (
    SELECT id_in_scope(substr(s, 5, length(s) - 9)) FROM unnest(p_row.scopes) s WHERE s ~ '^key:[^:@]+@life$' LIMIT 1), '')
$$;
--> statement-breakpoint
-- Adds rows of the log to their days; `cost_nano` is by how much the row's cost changed. Called last, under the locks of
-- the rows' windows and once per statement: days are locked in the order of their key, so nobody waits in a circle.
CREATE FUNCTION roll_up(p_rows spend_log[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO spend_daily AS d
  SELECT e.kind, e.entity, r.day, key_of(r), coalesce(left(r.model, 100), ''), coalesce(left(r.model_group, 100), ''),
    coalesce(left(r.custom_llm_provider, 50), ''),
    sum(r.cost_nano), sum(r.saved_nano), sum(r.prompt_tokens), sum(r.completion_tokens),
    sum(coalesce((r.usage->>'cacheReadTokens')::bigint, 0)),
    sum(coalesce((r.usage->>'cacheWriteTokens')::bigint, 0) + coalesce((r.usage->>'cacheWrite1hTokens')::bigint, 0)),
    sum(r.total_tokens),
    count(*) FILTER (WHERE r.kind = 'request'),
    count(*) FILTER (WHERE r.kind = 'request' AND r.status = 'success'),
    count(*) FILTER (WHERE r.kind = 'request' AND r.status = 'failure'),
    count(*) FILTER (WHERE r.cache_hit)
  FROM unnest(p_rows) r, spent_for(r) e
  WHERE r.kind IN ('request', 'expired')
  GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
  ON CONFLICT (kind, entity, day, key_id, model, model_group, provider) DO UPDATE SET
    cost_nano = d.cost_nano + excluded.cost_nano, saved_nano = d.saved_nano + excluded.saved_nano,
    prompt_tokens = d.prompt_tokens + excluded.prompt_tokens,
    completion_tokens = d.completion_tokens + excluded.completion_tokens,
    cache_read_tokens = d.cache_read_tokens + excluded.cache_read_tokens,
    cache_write_tokens = d.cache_write_tokens + excluded.cache_write_tokens,
    total_tokens = d.total_tokens + excluded.total_tokens, requests = d.requests + excluded.requests,
    successes = d.successes + excluded.successes, failures = d.failures + excluded.failures,
    cache_hits = d.cache_hits + excluded.cache_hits
$$;
--> statement-breakpoint
-- As in 0001 and 0029, and rolled up.
CREATE OR REPLACE FUNCTION record_spend(p_rows jsonb) RETURNS int LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  v_fresh spend_log[];
  v_expired spend_log;
  v_melt bigint;
  v_paid_already text[] := '{}';
  v_moved spend_log[];
BEGIN
  PERFORM lock_windows(
    ARRAY(SELECT s FROM jsonb_array_elements(p_rows) r, jsonb_array_elements_text(r->'scopes') s),
    ARRAY(SELECT time_of_ms(w::bigint) FROM jsonb_array_elements(p_rows) r, jsonb_array_elements_text(r->'windows') w));

  WITH fresh AS (
    INSERT INTO spend_log (
      day, id, request_id, ledger, grant_id, single, hold_nano, cost_nano, scopes, windows, covered, overrun,
      call_type, status, key_id, api_key, key_alias, "user", team_id, organization_id, end_user,
      model, model_group, model_id, custom_llm_provider, api_base, dialect, stream,
      usage, prompt_tokens, completion_tokens, total_tokens, usage_estimated, price_version,
      start_time, first_token_time, end_time, cache_hit, saved_nano, http_status, error_type, error_message, request_tags)
    SELECT
      day_of_id(r.id), r.id, r.request_id, r.ledger, r.grant_id, r.single, r.hold_nano, r.cost_nano, r.scopes,
      ARRAY(SELECT time_of_ms(w.ms) FROM unnest(r.windows) WITH ORDINALITY AS w(ms, n) ORDER BY w.n), r.covered, r.overrun,
      r.call_type, r.status, r.key_id, r.api_key, r.key_alias, r."user", r.team_id, r.organization_id, r.end_user,
      r.model, r.model_group, r.model_id, r.custom_llm_provider, r.api_base, r.dialect, r.stream,
      r.usage, r.prompt_tokens, r.completion_tokens, r.total_tokens, r.usage_estimated, r.price_version,
      time_of_ms(r.start_ms), time_of_ms(r.first_token_ms), time_of_ms(r.end_ms), r.cache_hit, coalesce(r.saved_nano, 0), r.http_status,
      r.error_type, r.error_message, r.request_tags
    FROM jsonb_to_recordset(p_rows) AS r(
      id text, request_id text, ledger text, grant_id text, single boolean, hold_nano bigint, cost_nano bigint,
      scopes text[], windows bigint[], covered boolean[], overrun boolean,
      call_type text, status text, key_id text, api_key text, key_alias text, "user" text, team_id text,
      organization_id text, end_user text, model text, model_group text, model_id text, custom_llm_provider text,
      api_base text, dialect text, stream boolean, usage jsonb, prompt_tokens bigint, completion_tokens bigint,
      total_tokens bigint, usage_estimated boolean, price_version text, start_ms bigint, first_token_ms bigint,
      end_ms bigint, cache_hit boolean, saved_nano bigint, http_status int, error_type text, error_message text, request_tags text[])
    ORDER BY 1, 2
    ON CONFLICT (day, id) DO NOTHING
    RETURNING *
  )
  SELECT coalesce(array_agg(fresh), '{}') INTO v_fresh FROM fresh;
  v_moved := v_fresh;

  FOR v_expired IN
    SELECT e.* FROM (
      SELECT day_of_id(f.grant_id) AS day, array_agg('expired:' || f.grant_id) AS ids
      FROM unnest(v_fresh) f WHERE f.grant_id IS NOT NULL GROUP BY 1
    ) g, LATERAL expired_rows(g.day, g.ids) e
  LOOP
    SELECT least(v_expired.cost_nano, sum(
        CASE WHEN f.single THEN v_expired.cost_nano ELSE least(f.cost_nano, f.hold_nano) END))::bigint
      INTO v_melt FROM unnest(v_fresh) f WHERE f.grant_id = v_expired.grant_id;
    UPDATE spend_log s SET cost_nano = s.cost_nano - v_melt WHERE s.day = v_expired.day AND s.id = v_expired.id;
    UPDATE budget_window w SET spent = w.spent - v_melt
      WHERE (w.scope, w.window_start) IN (SELECT * FROM unnest(v_expired.scopes, v_expired.windows));
    v_paid_already := v_paid_already || v_expired.grant_id;
    v_expired.cost_nano := -v_melt;
    v_moved := v_moved || v_expired;
  END LOOP;

  WITH moves AS (
    SELECT k.scope, k.start, f.ledger, f.cost_nano AS spent,
      CASE WHEN k.covered AND f.grant_id IS NOT NULL AND f.grant_id <> ALL (v_paid_already)
        THEN least(f.cost_nano, f.hold_nano) ELSE 0 END AS due
    FROM unnest(v_fresh) f, unnest(f.scopes, f.windows, f.covered) AS k(scope, start, covered)
  ), payments AS (
    SELECT l.scope, l.window_start, l.ledger, least(d.due, l.granted - l.returned - l.charged) AS paid
    FROM (SELECT scope, start, ledger, sum(due)::bigint AS due FROM moves GROUP BY 1, 2, 3) d
    JOIN budget_lease l ON l.scope = d.scope AND l.window_start = d.start AND l.ledger = d.ledger
    WHERE d.due > 0
  ), leases AS (
    UPDATE budget_lease l SET charged = l.charged + p.paid FROM payments p
    WHERE l.scope = p.scope AND l.window_start = p.window_start AND l.ledger = p.ledger
  )
  UPDATE budget_window w SET spent = w.spent + m.spent, requests = w.requests + m.requests,
      leased = w.leased - coalesce((
        SELECT sum(p.paid) FROM payments p WHERE p.scope = w.scope AND p.window_start = w.window_start), 0)::bigint
    FROM (SELECT scope, start, sum(spent)::bigint AS spent, count(*) AS requests FROM moves GROUP BY 1, 2) m
    WHERE w.scope = m.scope AND w.window_start = m.start;
  PERFORM roll_up(v_moved);
  RETURN cardinality(v_fresh);
END $$;
--> statement-breakpoint
-- As in 0006, and rolled up.
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
  v_row spend_log;
  v_moved spend_log[] := '{}';
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
        'expired', 'failure', time_of_id(v_grant.id), v_grant.settle_by)
      RETURNING * INTO v_row;
      v_moved := v_moved || v_row;
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
  PERFORM roll_up(v_moved);
END $$;
--> statement-breakpoint
-- As in 0001, and rolled up.
CREATE OR REPLACE FUNCTION refund_expired(p_grant text, p_used bigint) RETURNS bigint LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  v_row spend_log;
  v_logged bigint;
  v_back bigint;
BEGIN
  SELECT * INTO v_row FROM spend_log s WHERE s.day = day_of_id(p_grant) AND s.id = 'expired:' || p_grant AND NOT s.single;
  IF NOT FOUND THEN RETURN 0; END IF;
  PERFORM lock_windows(v_row.scopes, v_row.windows);
  SELECT * INTO v_row FROM spend_log s WHERE s.day = v_row.day AND s.id = v_row.id;
  SELECT coalesce(sum(least(s.cost_nano, s.hold_nano)), 0) INTO v_logged FROM spend_log s
    WHERE s.grant_id = p_grant AND s.kind = 'request' AND s.day BETWEEN v_row.day - 1 AND utc_day(v_row.end_time);
  v_back := greatest(0, v_row.cost_nano - greatest(0, coalesce(p_used, 0) - v_logged));
  UPDATE spend_log s SET cost_nano = s.cost_nano - v_back WHERE s.day = v_row.day AND s.id = v_row.id;
  UPDATE budget_window w SET spent = w.spent - v_back
    WHERE (w.scope, w.window_start) IN (SELECT * FROM unnest(v_row.scopes, v_row.windows));
  v_row.cost_nano := -v_back;
  PERFORM roll_up(ARRAY[v_row]);
  RETURN v_back;
END $$;
--> statement-breakpoint
-- Drops the partitions of days before `p_before` and deletes the rows of such days that never had one; answers how many
-- days' partitions went. Days stay in `spend_daily`, and what windows have spent stays as it is. A copy of a row may come
-- for two weeks, and without its day it would be spent again: younger days are refused.
CREATE FUNCTION drop_spend_partitions(p_before date) RETURNS int LANGUAGE plpgsql SET lock_timeout = '5s' AS $$
DECLARE
  v_name text;
  v_dropped int := 0;
BEGIN
  IF p_before > utc_day(now()) - 15 THEN
    RAISE EXCEPTION 'days of the spend log are kept for at least 15 days, and % is younger', p_before;
  END IF;
  FOR v_name IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'spend_log'::regclass AND c.relname ~ '^spend_log_[0-9]{8}$'
      AND c.relname < 'spend_log_' || to_char(p_before, 'YYYYMMDD') ORDER BY 1
  LOOP
    EXECUTE format('DROP TABLE IF EXISTS %I', v_name);
    v_dropped := v_dropped + 1;
  END LOOP;
  DELETE FROM spend_log_default WHERE day < p_before;
  RETURN v_dropped;
END $$;
