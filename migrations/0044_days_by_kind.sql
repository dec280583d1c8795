-- Days of a kind lie together, so that a report on teams does not read through those of all tags; pages leave room for the
-- sums that move all day, and no index is written for them. Recording waits while the days (not the log) are copied.
LOCK TABLE spend_daily IN ACCESS EXCLUSIVE MODE;
--> statement-breakpoint
ALTER TABLE spend_daily RENAME TO spend_daily_before;
--> statement-breakpoint
ALTER TABLE spend_daily_before DROP CONSTRAINT spend_daily_pkey;
--> statement-breakpoint
DROP INDEX spend_daily_day, spend_daily_key;
--> statement-breakpoint
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
  cache_hits bigint NOT NULL
) PARTITION BY LIST (kind);
--> statement-breakpoint
DO $$
DECLARE
  v_kind text;
BEGIN
  FOREACH v_kind IN ARRAY ARRAY['all', 'user', 'team', 'organization', 'customer', 'tag'] LOOP
    EXECUTE format('CREATE TABLE %I PARTITION OF spend_daily FOR VALUES IN (%L) WITH (fillfactor = 80)', 'spend_daily_' || v_kind, v_kind);
  END LOOP;
END $$;
--> statement-breakpoint
INSERT INTO spend_daily SELECT * FROM spend_daily_before ORDER BY day;
--> statement-breakpoint
DROP TABLE spend_daily_before;
--> statement-breakpoint
ALTER TABLE spend_daily ADD PRIMARY KEY (kind, entity, day, key_id, model, model_group, provider);
--> statement-breakpoint
-- For reports on every entity of a kind, and for one key.
CREATE INDEX spend_daily_day ON spend_daily (day);
--> statement-breakpoint
CREATE INDEX spend_daily_key ON spend_daily (key_id, day);
--> statement-breakpoint
-- As in 0030, but rows of one caller, model and day are one before they are told apart by whose they are: what is read out
-- of JSON is read once, and whose they are is asked once.
CREATE OR REPLACE FUNCTION roll_up(p_rows spend_log[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO spend_daily AS d
  WITH asked AS (
    SELECT r.day, key_of(r) AS key_id, coalesce(left(r.model, 100), '') AS model,
      coalesce(left(r.model_group, 100), '') AS model_group, coalesce(left(r.custom_llm_provider, 50), '') AS provider,
      r."user", r.team_id, r.organization_id, r.end_user, r.request_tags,
      CASE WHEN r.kind = 'expired' THEN r.scopes END AS scopes,
      sum(r.cost_nano) AS cost, sum(r.saved_nano) AS saved, sum(r.prompt_tokens) AS prompt, sum(r.completion_tokens) AS completion,
      sum(coalesce((r.usage->>'cacheReadTokens')::bigint, 0)) AS cache_read,
      sum(coalesce((r.usage->>'cacheWriteTokens')::bigint, 0) + coalesce((r.usage->>'cacheWrite1hTokens')::bigint, 0)) AS cache_write,
      sum(r.total_tokens) AS total,
      count(*) FILTER (WHERE r.kind = 'request') AS requests,
      count(*) FILTER (WHERE r.kind = 'request' AND r.status = 'success') AS successes,
      count(*) FILTER (WHERE r.kind = 'request' AND r.status = 'failure') AS failures,
      count(*) FILTER (WHERE r.cache_hit) AS cache_hits
    FROM unnest(p_rows) r WHERE r.kind IN ('request', 'expired')
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
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
    cache_hits = d.cache_hits + excluded.cache_hits
$$;
--> statement-breakpoint
DROP FUNCTION spent_for(spend_log);
