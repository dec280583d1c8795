-- The budget protocol's statements. Each function is one statement to its caller, and each statement inside it sees
-- what was committed before its locks were granted (read committed).
--
-- Who touches a window locks its row first; who needs several locks takes limits (share) before windows, each sorted.
-- Leases and log rows are only changed under the locks of their windows. Money is whole nano-USD and crosses as
-- decimal strings, moments cross as milliseconds since the epoch.
--
-- What reads the log by day is planned anew each time (force_custom_plan): a plan for a known day opens its partition
-- alone, one for any day opens all of them, while others wait for the locks.

CREATE FUNCTION time_of_ms(p_ms bigint) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
  SELECT to_timestamp(p_ms / 1000.0)
$$;
--> statement-breakpoint
CREATE FUNCTION ms_of_time(p_time timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT (extract(epoch FROM p_time) * 1000)::bigint
$$;
--> statement-breakpoint
CREATE FUNCTION utc_day(p_time timestamptz) RETURNS date LANGUAGE sql IMMUTABLE AS $$
  SELECT (p_time AT TIME ZONE 'UTC')::date
$$;
--> statement-breakpoint
-- The moment in the UUIDv7 that ends an id (`<uuid>`, `<ledger>:<uuid>`, `expired:<ledger>:<uuid>`). An id without one
-- belongs to 1970, always: a strange row still has exactly one place.
CREATE FUNCTION time_of_id(p_id text) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
  SELECT time_of_ms(CASE
    WHEN p_id ~ '(^|:)[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$'
    THEN ('x' || substr(right(p_id, 36), 1, 8) || substr(right(p_id, 36), 10, 4))::bit(48)::bigint
    ELSE 0 END)
$$;
--> statement-breakpoint
CREATE FUNCTION day_of_id(p_id text) RETURNS date LANGUAGE sql IMMUTABLE AS $$
  SELECT utc_day(time_of_id(p_id))
$$;
--> statement-breakpoint
-- Makes windows that are missing, then locks them. Two statements: the insert's snapshot may be older than the row of
-- another session that it waited for.
CREATE FUNCTION lock_windows(p_scopes text[], p_starts timestamptz[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO budget_window (scope, window_start)
    SELECT DISTINCT k.scope, k.start FROM unnest(p_scopes, p_starts) AS k(scope, start) ORDER BY 1, 2
    ON CONFLICT DO NOTHING;
  PERFORM 1 FROM budget_window w
    WHERE (w.scope, w.window_start) IN (SELECT * FROM unnest(p_scopes, p_starts))
    ORDER BY w.scope, w.window_start FOR UPDATE;
END $$;
--> statement-breakpoint
-- Take, give back and read are one exchange. An ask: {scope, start_ms, want_nano, returned_nano, seq}; `returned_nano`
-- is everything ever given back, `want_nano` counts only while `seq` is the lease's, so that a call repeated or
-- committed late changes nothing. A scope without a limit takes nothing and says so.
CREATE FUNCTION exchange_slices(p_ledger text, p_asks jsonb)
RETURNS TABLE (
  scope text, start_ms bigint, unlimited boolean, taken bigint, granted bigint, charged bigint, seq bigint,
  limit_nano bigint, spent bigint, room bigint, others bigint
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  v_ask record;
  v_limit bigint;
  v_window budget_window;
  v_lease budget_lease;
  v_taken bigint;
  v_back bigint;
BEGIN
  -- From the commit of a new limit on, nothing is lent under the old one.
  PERFORM 1 FROM budget b
    WHERE b.scope IN (SELECT a->>'scope' FROM jsonb_array_elements(p_asks) a) ORDER BY b.scope FOR SHARE;
  PERFORM lock_windows(
    ARRAY(SELECT a->>'scope' FROM jsonb_array_elements(p_asks) a),
    ARRAY(SELECT time_of_ms((a->>'start_ms')::bigint) FROM jsonb_array_elements(p_asks) a));
  FOR v_ask IN
    SELECT a.*, time_of_ms(a.start_ms) AS start
    FROM jsonb_to_recordset(p_asks)
      AS a(scope text, start_ms bigint, want_nano bigint, returned_nano bigint, seq bigint)
    ORDER BY a.scope, a.start_ms
  LOOP
    SELECT b.limit_nano INTO v_limit FROM budget b WHERE b.scope = v_ask.scope;
    SELECT * INTO v_window FROM budget_window w WHERE w.scope = v_ask.scope AND w.window_start = v_ask.start;
    INSERT INTO budget_lease (scope, window_start, ledger) VALUES (v_ask.scope, v_ask.start, p_ledger)
      ON CONFLICT DO NOTHING;
    SELECT * INTO v_lease FROM budget_lease l
      WHERE l.scope = v_ask.scope AND l.window_start = v_ask.start AND l.ledger = p_ledger;
    -- Never more than the lease has: a total that makes no sense must not poison the calls after it.
    v_back := greatest(0, least(v_ask.returned_nano, v_lease.granted - v_lease.charged) - v_lease.returned);
    v_taken := CASE WHEN v_limit IS NOT NULL AND v_lease.seq = v_ask.seq
      THEN greatest(0, least(v_ask.want_nano, v_limit - v_window.spent - v_window.leased + v_back)) ELSE 0 END;
    UPDATE budget_lease l SET
        granted = l.granted + v_taken, returned = l.returned + v_back, seq = l.seq + (l.seq = v_ask.seq)::int
      WHERE l.scope = v_ask.scope AND l.window_start = v_ask.start AND l.ledger = p_ledger RETURNING * INTO v_lease;
    UPDATE budget_window w SET leased = w.leased + v_taken - v_back
      WHERE w.scope = v_ask.scope AND w.window_start = v_ask.start RETURNING * INTO v_window;
    RETURN QUERY SELECT v_ask.scope, v_ask.start_ms, v_limit IS NULL, v_taken, v_lease.granted, v_lease.charged,
      v_lease.seq, coalesce(v_limit, 0), v_window.spent,
      CASE WHEN v_limit IS NULL THEN 0 ELSE v_limit - v_window.spent - v_window.leased END,
      v_window.leased - (v_lease.granted - v_lease.returned - v_lease.charged);
  END LOOP;
END $$;
--> statement-breakpoint
-- The rows of expired grants among `p_ids`, in the one partition of their day.
CREATE FUNCTION expired_rows(p_day date, p_ids text[]) RETURNS SETOF spend_log LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $$
BEGIN
  RETURN QUERY SELECT * FROM spend_log s WHERE s.day = p_day AND s.id = ANY (p_ids);
END $$;
--> statement-breakpoint
-- A batch of spend events as the gateway wrote them (src/spend/event.ts). Rows seen before change nothing. In a window
-- that its grant covers, a row's lease pays min(cost, hold), or what the lease still has. A row whose grant has expired
-- pays nothing, since the lease has paid already: it melts the expired row instead, a single grant's whole.
CREATE FUNCTION record_spend(p_rows jsonb) RETURNS int LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  v_fresh spend_log[];
  v_expired spend_log;
  v_melt bigint;
  v_paid_already text[] := '{}';
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
      start_time, first_token_time, end_time, cache_hit, http_status, error_type, error_message, request_tags)
    SELECT
      day_of_id(r.id), r.id, r.request_id, r.ledger, r.grant_id, r.single, r.hold_nano, r.cost_nano, r.scopes,
      ARRAY(SELECT time_of_ms(w.ms) FROM unnest(r.windows) WITH ORDINALITY AS w(ms, n) ORDER BY w.n), r.covered, r.overrun,
      r.call_type, r.status, r.key_id, r.api_key, r.key_alias, r."user", r.team_id, r.organization_id, r.end_user,
      r.model, r.model_group, r.model_id, r.custom_llm_provider, r.api_base, r.dialect, r.stream,
      r.usage, r.prompt_tokens, r.completion_tokens, r.total_tokens, r.usage_estimated, r.price_version,
      time_of_ms(r.start_ms), time_of_ms(r.first_token_ms), time_of_ms(r.end_ms), r.cache_hit, r.http_status,
      r.error_type, r.error_message, r.request_tags
    FROM jsonb_to_recordset(p_rows) AS r(
      id text, request_id text, ledger text, grant_id text, single boolean, hold_nano bigint, cost_nano bigint,
      scopes text[], windows bigint[], covered boolean[], overrun boolean,
      call_type text, status text, key_id text, api_key text, key_alias text, "user" text, team_id text,
      organization_id text, end_user text, model text, model_group text, model_id text, custom_llm_provider text,
      api_base text, dialect text, stream boolean, usage jsonb, prompt_tokens bigint, completion_tokens bigint,
      total_tokens bigint, usage_estimated boolean, price_version text, start_ms bigint, first_token_ms bigint,
      end_ms bigint, cache_hit boolean, http_status int, error_type text, error_message text, request_tags text[])
    ORDER BY 1, 2
    ON CONFLICT (day, id) DO NOTHING
    RETURNING *
  )
  SELECT coalesce(array_agg(fresh), '{}') INTO v_fresh FROM fresh;

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
  RETURN cardinality(v_fresh);
END $$;
--> statement-breakpoint
-- A grant that nobody closed, or (verify) one closed at `amount_nano`: {id, amount_nano, single, scopes, windows (ms),
-- settle_by_ms}, windows being those in which it holds money. What its rows did not pay becomes a row of its own.
-- Answers what the lease has paid for the grant; asked again, it answers the same.
CREATE FUNCTION expire_grants(p_ledger text, p_grants jsonb)
RETURNS TABLE (grant_id text, paid bigint) LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $$
#variable_conflict use_column
DECLARE
  v_grant record;
  v_starts timestamptz[];
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
      AS g(id text, amount_nano bigint, single boolean, scopes text[], windows bigint[], settle_by_ms bigint)
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
      INSERT INTO spend_log (
        day, id, kind, ledger, grant_id, single, hold_nano, cost_nano, scopes, windows, covered,
        call_type, status, start_time, end_time)
      VALUES (
        v_grant.day, 'expired:' || v_grant.id, 'expired', p_ledger, v_grant.id, v_grant.single, v_rest, v_rest,
        v_grant.scopes, v_starts, array_fill(true, ARRAY[cardinality(v_starts)]),
        'expired', 'failure', time_of_id(v_grant.id), v_grant.settle_by);
      WITH payments AS (
        SELECT l.scope, l.window_start, least(v_rest, l.granted - l.returned - l.charged) AS paid FROM budget_lease l
        WHERE l.ledger = p_ledger AND (l.scope, l.window_start) IN (SELECT * FROM unnest(v_grant.scopes, v_starts))
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
--> statement-breakpoint
-- Of an expired allowance only `p_used` was used (told late by its holder; null past the queue's horizon: what is
-- logged). The rest goes back to its windows. An expired single grant stays charged as it was reserved.
CREATE FUNCTION refund_expired(p_grant text, p_used bigint) RETURNS bigint LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $$
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
  RETURN v_back;
END $$;
--> statement-breakpoint
-- Sets a window's spend by a row like any other, once per operation (a UUIDv7). Leases are not touched. Answers the change.
CREATE FUNCTION reset_spend(p_operation text, p_scope text, p_start_ms bigint, p_target bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  v_start timestamptz := time_of_ms(p_start_ms);
  v_change bigint;
BEGIN
  PERFORM lock_windows(ARRAY[p_scope], ARRAY[v_start]);
  SELECT p_target - w.spent INTO v_change FROM budget_window w WHERE w.scope = p_scope AND w.window_start = v_start;
  INSERT INTO spend_log (day, id, kind, cost_nano, scopes, windows, covered, call_type, start_time, end_time)
    VALUES (
      day_of_id(p_operation), 'reset:' || p_operation, 'reset', v_change, ARRAY[p_scope], ARRAY[v_start], ARRAY[false],
      'reset', time_of_id(p_operation), time_of_id(p_operation))
    ON CONFLICT (day, id) DO NOTHING;
  IF NOT FOUND THEN RETURN 0; END IF;
  UPDATE budget_window w SET spent = w.spent + v_change WHERE w.scope = p_scope AND w.window_start = v_start;
  RETURN v_change;
END $$;
--> statement-breakpoint
-- Says that something changed which copies are made of, in the statement of the admin write itself. The setting
-- `generation` is {number, changed: [{number, ids}, …]}: who knows a number not older than the first change listed
-- forgets the ids after it; who knows an older one forgets everything. Answers the new number.
CREATE FUNCTION raise_generation(p_ids text[]) RETURNS bigint LANGUAGE sql AS $$
  INSERT INTO setting AS s (name, value)
    VALUES ('generation', jsonb_build_object(
      'number', 1, 'changed', jsonb_build_array(jsonb_build_object('number', 1, 'ids', to_jsonb(p_ids)))))
    ON CONFLICT (name) DO UPDATE SET updated_at = now(), value = jsonb_build_object(
      'number', (s.value->>'number')::bigint + 1,
      'changed', (
        SELECT coalesce(jsonb_agg(c.change ORDER BY c.n), '[]') FROM jsonb_array_elements(s.value->'changed')
          WITH ORDINALITY AS c(change, n) WHERE c.n > jsonb_array_length(s.value->'changed') - 99
      ) || jsonb_build_object('number', (s.value->>'number')::bigint + 1, 'ids', to_jsonb(p_ids)))
    RETURNING (s.value->>'number')::bigint
$$;
