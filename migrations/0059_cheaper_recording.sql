-- Recording is made cheaper; what is recorded stays the same.
--
-- Days are found by a key among everyone's alone (src/spend/report-days-neon.ts), so the other kinds keep no index of keys.
DROP INDEX spend_daily_key;
--> statement-breakpoint
CREATE INDEX spend_daily_all_key ON spend_daily_all (key_id, day);
--> statement-breakpoint
-- As in 0044, but planned once in a session, since any rows have the one plan, and a row that names its key is not asked for
-- it. `asked` is made once, so that what stands in JSON is read once and not for each whose day it is.
CREATE OR REPLACE FUNCTION roll_up(p_rows spend_log[]) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan AS $$
BEGIN
  INSERT INTO spend_daily AS d
  WITH asked AS MATERIALIZED (
    SELECT r.day, CASE WHEN r.key_id IS NULL THEN key_of(r) ELSE left(r.key_id, 200) END AS key_id,
      coalesce(left(r.model, 100), '') AS model, coalesce(left(r.model_group, 100), '') AS model_group,
      coalesce(left(r.custom_llm_provider, 50), '') AS provider,
      r."user", r.team_id, r.organization_id, r.end_user, r.request_tags,
      CASE WHEN r.kind = 'expired' THEN r.scopes END AS scopes,
      r.cost_nano AS cost, r.saved_nano AS saved, r.prompt_tokens AS prompt, r.completion_tokens AS completion,
      coalesce((r.usage->>'cacheReadTokens')::bigint, 0) AS cache_read,
      coalesce((r.usage->>'cacheWriteTokens')::bigint, 0) + coalesce((r.usage->>'cacheWrite1hTokens')::bigint, 0) AS cache_write,
      r.total_tokens AS total,
      (r.kind = 'request')::int AS requests,
      (r.kind = 'request' AND r.status = 'success')::int AS successes,
      (r.kind = 'request' AND r.status = 'failure')::int AS failures,
      r.cache_hit::int AS cache_hits
    FROM unnest(p_rows) r WHERE r.kind IN ('request', 'expired')
  )
  SELECT o.kind, left(o.entity, 200), a.day, a.key_id, a.model, a.model_group, a.provider,
    sum(cost), sum(saved), sum(prompt), sum(completion), sum(cache_read), sum(cache_write), sum(total),
    sum(requests), sum(successes), sum(failures), sum(cache_hits)
  FROM asked a, LATERAL (
    VALUES ('all', ''), ('user', a."user"), ('team', a.team_id), ('organization', a.organization_id), ('customer', a.end_user)
    UNION ALL SELECT DISTINCT 'tag', left(t, 200) FROM unnest(a.request_tags) t
    UNION ALL SELECT DISTINCT CASE m[1] WHEN 'org' THEN 'organization' ELSE m[1] END, left(id_in_scope(m[2]), 200)
      FROM unnest(a.scopes) s, regexp_match(s, '^(user|team|org|customer|tag):([^:@]+)@life$') m WHERE m IS NOT NULL
  ) o(kind, entity)
  WHERE o.kind = 'all' OR o.entity <> ''
  GROUP BY 1, 2, 3, 4, 5, 6, 7 ORDER BY 1, 2, 3, 4, 5, 6, 7
  ON CONFLICT (kind, entity, day, key_id, model, model_group, provider) DO UPDATE SET
    cost_nano = d.cost_nano + excluded.cost_nano, saved_nano = d.saved_nano + excluded.saved_nano,
    prompt_tokens = d.prompt_tokens + excluded.prompt_tokens,
    completion_tokens = d.completion_tokens + excluded.completion_tokens,
    cache_read_tokens = d.cache_read_tokens + excluded.cache_read_tokens,
    cache_write_tokens = d.cache_write_tokens + excluded.cache_write_tokens,
    total_tokens = d.total_tokens + excluded.total_tokens, requests = d.requests + excluded.requests,
    successes = d.successes + excluded.successes, failures = d.failures + excluded.failures,
    cache_hits = d.cache_hits + excluded.cache_hits;
END $$;
--> statement-breakpoint
-- The one statement of `record_spend` that opens a day of the log, which is planned for that day (0001).
CREATE FUNCTION melt_row(p_day date, p_id text, p_melt bigint) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_custom_plan AS $$
BEGIN
  UPDATE spend_log s SET cost_nano = s.cost_nano - p_melt WHERE s.day = p_day AND s.id = p_id;
END $$;
--> statement-breakpoint
-- So all else of it may keep its plans. And its rows leave the log as the rows they are: a record without a type crossed to
-- one as text. The function is changed where it stands, so that nothing else of it is repeated.
DO $do$
DECLARE
  v_old text := pg_get_functiondef('record_spend(jsonb)'::regprocedure);
  v_typed text := 'array_agg(fresh::spend_log)';
  v_melted text := 'PERFORM melt_row(v_expired.day, v_expired.id, v_melt);';
  v_before_typed text := 'array_agg(fresh)';
  v_before_melted text := 'UPDATE spend_log s SET cost_nano = s.cost_nano - v_melt WHERE s.day = v_expired.day AND s.id = v_expired.id;';
BEGIN
  IF strpos(v_old, v_before_typed) = 0 OR strpos(v_old, v_before_melted) = 0 THEN
    RAISE EXCEPTION 'record_spend is not as this migration knows it';
  END IF;
  EXECUTE replace(replace(v_old, v_before_typed, v_typed), v_before_melted, v_melted);
END $do$;
--> statement-breakpoint
ALTER FUNCTION record_spend(jsonb) RESET plan_cache_mode;
