-- What admins changed. Triggers write it, so that no change is without its row and no row without its change, whoever
-- makes it. Who it was is the transaction's setting `tollgate.author` (src/db/author.ts). One row per entity and transaction.
CREATE TABLE "audit_log" (
	"id" text DEFAULT gen_random_uuid()::text NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"tx" text DEFAULT pg_current_xact_id()::text NOT NULL,
	"action" text NOT NULL,
	"kind" text NOT NULL,
	"object_id" text NOT NULL,
	"token" text,
	"team_id" text,
	"before" jsonb,
	"after" jsonb,
	"changed_by" text NOT NULL,
	"changed_by_key" text,
	"user_id" text,
	"role" text,
	"route" text,
	"request_id" text,
	"ip" text,
	"user_agent" text,
	CONSTRAINT "audit_log_kind_object_id_at_tx_pk" PRIMARY KEY("kind","object_id","at","tx"),
	CONSTRAINT "audit_log_id_unique" UNIQUE("id")
);
--> statement-breakpoint
CREATE INDEX "audit_log_at" ON "audit_log" USING btree ("at","id");--> statement-breakpoint
CREATE INDEX "audit_log_object" ON "audit_log" USING btree ("object_id","at");--> statement-breakpoint
CREATE INDEX "audit_log_token" ON "audit_log" USING btree ("token","at");--> statement-breakpoint
CREATE INDEX "audit_log_team" ON "audit_log" USING btree ("team_id","at");--> statement-breakpoint
CREATE INDEX "audit_log_changed_by" ON "audit_log" USING btree ("changed_by","at");--> statement-breakpoint
CREATE INDEX "audit_log_changed_by_key" ON "audit_log" USING btree ("changed_by_key","at");--> statement-breakpoint
-- Free fields may hold what a callback logs in with: what has a secret's name, or looks like a key, says only that it is there.
CREATE FUNCTION audit_shown(p_value jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  CASE jsonb_typeof(p_value)
    WHEN 'object' THEN RETURN (SELECT coalesce(jsonb_object_agg(f.name, CASE
        WHEN f.name ~* '(secret|passw|api_?key|private_?key|access_?key|credential|authorization|bearer|auth_token|access_token)'
          AND jsonb_typeof(f.value) IN ('string', 'number') AND f.name !~* '_(name|id)$' THEN '"(secret)"'::jsonb
        ELSE audit_shown(f.value) END), '{}') FROM jsonb_each(p_value) AS f(name, value));
    WHEN 'array' THEN RETURN (SELECT coalesce(jsonb_agg(audit_shown(i.value) ORDER BY i.n), '[]')
      FROM jsonb_array_elements(p_value) WITH ORDINALITY AS i(value, n));
    WHEN 'string' THEN RETURN CASE WHEN p_value #>> '{}' ~ '\m(sk|pk|xox[abp])-[A-Za-z0-9_-]{8,}' THEN '"(secret)"'::jsonb ELSE p_value END;
    ELSE RETURN p_value;
  END CASE;
END $$;
--> statement-breakpoint
-- Writes one change, or adds it to what the same transaction changed of the same entity before.
CREATE FUNCTION audit_write(p_kind text, p_object_id text, p_token text, p_team_id text, p_action text, p_before jsonb, p_after jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_author jsonb := coalesce(nullif(current_setting('tollgate.author', true), ''), '{}')::jsonb;
BEGIN
  IF v_author->>'recorded' = 'false' THEN RETURN; END IF;
  INSERT INTO audit_log AS a (action, kind, object_id, token, team_id, before, after, changed_by, changed_by_key, user_id,
      role, route, request_id, ip, user_agent)
    VALUES (p_action, p_kind, p_object_id, p_token, p_team_id, p_before, p_after,
      coalesce(v_author->>'by', 'database:' || session_user), v_author->>'key', v_author->>'user', v_author->>'role',
      v_author->>'route', v_author->>'request_id', v_author->>'ip', v_author->>'user_agent')
    ON CONFLICT (kind, object_id, at, tx) DO UPDATE SET
      action = CASE WHEN a.action = 'created' OR excluded.action = 'updated' THEN a.action ELSE excluded.action END,
      token = coalesce(excluded.token, a.token),
      team_id = coalesce(excluded.team_id, a.team_id),
      before = CASE WHEN a.action = 'created' THEN NULL ELSE audit_merged(excluded.before, a.before) END,
      after = audit_merged(a.after, excluded.after);
END $$;
--> statement-breakpoint
-- The second over the first; budgets side by side.
CREATE FUNCTION audit_merged(p_first jsonb, p_second jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN p_first IS NULL THEN p_second WHEN p_second IS NULL THEN p_first
    WHEN p_first ? 'budgets' AND p_second ? 'budgets'
      THEN p_first || p_second || jsonb_build_object('budgets', (p_first->'budgets') || (p_second->'budgets'))
    ELSE p_first || p_second END
$$;
--> statement-breakpoint
-- Arguments: the kind, or empty where the row says it, then the columns that are its id.
CREATE FUNCTION audit_entity() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_old jsonb;
  v_new jsonb;
  v_row jsonb;
  v_before jsonb;
  v_after jsonb;
  v_action text := CASE TG_OP WHEN 'INSERT' THEN 'created' WHEN 'DELETE' THEN 'deleted' ELSE 'updated' END;
BEGIN
  IF TG_OP <> 'INSERT' THEN v_old := to_jsonb(OLD); END IF;
  IF TG_OP <> 'DELETE' THEN v_new := to_jsonb(NEW); END IF;
  v_row := coalesce(v_new, v_old);
  -- What is new is told without what is empty, what changed by what is different; stamps are the audit row's own.
  SELECT jsonb_object_agg(f.name, coalesce(v_old->f.name, 'null')) FILTER (WHERE v_old IS NOT NULL),
      jsonb_object_agg(f.name, coalesce(v_new->f.name, 'null')) FILTER (WHERE v_new IS NOT NULL)
    INTO v_before, v_after
    FROM jsonb_object_keys(v_row) AS f(name)
    WHERE f.name NOT IN ('created_at', 'updated_at', 'created_by', 'updated_by', 'key_id')
      AND CASE WHEN TG_OP = 'UPDATE' THEN v_old->f.name IS DISTINCT FROM v_new->f.name
        ELSE v_row->f.name NOT IN ('null', '[]', '{}') END;
  IF v_before IS NULL AND v_after IS NULL THEN RETURN NULL; END IF;
  IF TG_OP = 'UPDATE' THEN
    IF v_after ? 'token' THEN v_action := 'rotated';
    ELSIF v_after->'blocked' = 'true' THEN v_action := 'blocked';
    ELSIF v_after->'blocked' = 'false' THEN v_action := 'unblocked';
    END IF;
  END IF;
  IF v_before ? 'sealed' THEN v_before := jsonb_set(v_before, '{sealed}', '"(secret)"'); END IF;
  IF v_after ? 'sealed' THEN v_after := jsonb_set(v_after, '{sealed}', '"(changed)"'); END IF;
  PERFORM audit_write(
    CASE WHEN TG_ARGV[0] = '' THEN v_row->>'kind' ELSE TG_ARGV[0] END,
    concat_ws(':', v_row->>TG_ARGV[1], v_row->>TG_ARGV[2]),
    v_row->>'token', v_row->>'team_id', v_action, audit_shown(v_before), audit_shown(v_after));
  RETURN NULL;
END $$;
--> statement-breakpoint
-- A limit is its entity's: {budgets: {scope: limit}}. What config.yaml says is no admin's change.
CREATE FUNCTION audit_budget() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  v_row budget := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
  v_before jsonb := 'null';
  v_after jsonb := 'null';
BEGIN
  IF TG_OP <> 'INSERT' THEN v_before := to_jsonb(OLD) - 'scope' - 'entity' - 'part'; END IF;
  IF TG_OP <> 'DELETE' THEN v_after := to_jsonb(NEW) - 'scope' - 'entity' - 'part'; END IF;
  PERFORM audit_write(
    split_part(v_row.entity, ':', 1),
    replace(replace(replace(replace(substr(v_row.entity, strpos(v_row.entity, ':') + 1), '%3d', '='), '%40', '@'), '%3a', ':'), '%25', '%'),
    NULL, CASE WHEN v_row.entity LIKE 'team:%' THEN substr(v_row.entity, 6) END, 'updated',
    jsonb_build_object('budgets', jsonb_build_object(v_row.scope, v_before)),
    jsonb_build_object('budgets', jsonb_build_object(v_row.scope, v_after)));
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON virtual_key FOR EACH ROW EXECUTE FUNCTION audit_entity('key', 'id');--> statement-breakpoint
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON team FOR EACH ROW EXECUTE FUNCTION audit_entity('team', 'team_id');--> statement-breakpoint
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON organization FOR EACH ROW EXECUTE FUNCTION audit_entity('org', 'organization_id');--> statement-breakpoint
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON internal_user FOR EACH ROW EXECUTE FUNCTION audit_entity('user', 'user_id');--> statement-breakpoint
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON team_membership FOR EACH ROW EXECUTE FUNCTION audit_entity('member', 'team_id', 'user_id');--> statement-breakpoint
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON customer FOR EACH ROW EXECUTE FUNCTION audit_entity('customer', 'user_id');--> statement-breakpoint
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON tag FOR EACH ROW EXECUTE FUNCTION audit_entity('tag', 'name');--> statement-breakpoint
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON budget_template FOR EACH ROW EXECUTE FUNCTION audit_entity('budget', 'budget_id');--> statement-breakpoint
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON stored_config FOR EACH ROW EXECUTE FUNCTION audit_entity('', 'id');--> statement-breakpoint
CREATE TRIGGER audit_new AFTER INSERT ON budget FOR EACH ROW WHEN (NEW.part <> 'file') EXECUTE FUNCTION audit_budget();--> statement-breakpoint
CREATE TRIGGER audit_changed AFTER UPDATE ON budget FOR EACH ROW WHEN (NEW.part <> 'file' AND OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION audit_budget();--> statement-breakpoint
CREATE TRIGGER audit_gone AFTER DELETE ON budget FOR EACH ROW WHEN (OLD.part <> 'file') EXECUTE FUNCTION audit_budget();--> statement-breakpoint
-- A window's spend that an admin set. Answers by how much it changed.
CREATE FUNCTION audit_reset(p_scope text, p_change bigint, p_target bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  PERFORM audit_write(split_part(p_scope, ':', 1), regexp_replace(substr(p_scope, strpos(p_scope, ':') + 1), '[:@].*', ''), NULL, NULL,
    'updated', jsonb_build_object('spend_nano', jsonb_build_object(p_scope, p_target - p_change)),
    jsonb_build_object('spend_nano', jsonb_build_object(p_scope, p_target)));
  RETURN p_change;
END $$;
--> statement-breakpoint
-- People who were deleted and whose traces are still to be made nobody's (src/audit/erase-neon.ts).
CREATE TABLE "erasure" (
	"user_id" text PRIMARY KEY NOT NULL,
	"pseudonym" text DEFAULT 'erased-' || gen_random_uuid() NOT NULL,
	"names" text[] DEFAULT '{}' NOT NULL,
	"requested_at" timestamp with time zone DEFAULT now() NOT NULL,
	"audited_at" timestamp with time zone
);
--> statement-breakpoint
CREATE FUNCTION ask_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO erasure AS e (user_id, names)
    VALUES (OLD.user_id, array_remove(ARRAY[OLD.user_email, OLD.user_alias], NULL))
    ON CONFLICT (user_id) DO UPDATE SET requested_at = now(), audited_at = NULL, names = e.names || excluded.names;
  RETURN NULL;
END $$;
--> statement-breakpoint
CREATE TRIGGER erased AFTER DELETE ON internal_user FOR EACH ROW EXECUTE FUNCTION ask_erasure();--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "spend_log_user" ON "spend_log" USING btree ("user","day");--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "spend_log_other" ON "spend_log" USING btree ("kind","day") WHERE kind <> 'request';--> statement-breakpoint
-- Up to p_limit rows of the spend log become the pseudonym's, and what they say moves from the person's windows to the
-- pseudonym's, so that the log stays the spend at every moment; answers how many rows. Costs, keys' ids and times stay.
CREATE FUNCTION erase_spend(p_user_id text, p_limit int) RETURNS int LANGUAGE plpgsql
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  v_erasure erasure;
  v_like text := '^(user:|member:[^:@]+:)' || regexp_replace(substr(entity_name('user', p_user_id), 6), '([^A-Za-z0-9_-])', '\\\1', 'g') || '(?=@|:|$)';
  v_new text;
  v_days date[];
  v_ids text[];
BEGIN
  SELECT * INTO v_erasure FROM erasure WHERE user_id = p_user_id FOR UPDATE;
  IF NOT FOUND THEN RETURN 0; END IF;
  v_new := '\1' || v_erasure.pseudonym;
  SELECT coalesce(array_agg(t.day), '{}'), coalesce(array_agg(t.id), '{}') INTO v_days, v_ids FROM (
    (SELECT s.day, s.id FROM spend_log s WHERE s."user" = p_user_id AND s.start_time <= v_erasure.requested_at LIMIT p_limit)
    UNION
    (SELECT s.day, s.id FROM spend_log s WHERE s.kind <> 'request' AND s.start_time <= v_erasure.requested_at
      AND EXISTS (SELECT FROM unnest(s.scopes) AS c(scope) WHERE c.scope ~ v_like) LIMIT p_limit)
  ) t;
  -- Both names of each window at once, in the one order; what the rows cost is read under these locks.
  PERFORM lock_windows(array_agg(n.scope), array_agg(k.start))
    FROM unnest(v_days, v_ids) AS t(day, id) JOIN spend_log s ON s.day = t.day AND s.id = t.id,
      unnest(s.scopes, s.windows) AS k(scope, start),
      LATERAL (VALUES (k.scope), (regexp_replace(k.scope, v_like, v_new))) AS n(scope)
    WHERE k.scope ~ v_like HAVING count(*) > 0;
  WITH moved AS (
    SELECT k.scope, regexp_replace(k.scope, v_like, v_new) AS renamed, k.start, sum(s.cost_nano)::bigint AS spent,
      count(*) FILTER (WHERE s.kind = 'request') AS requests
    FROM unnest(v_days, v_ids) AS t(day, id) JOIN spend_log s ON s.day = t.day AND s.id = t.id,
      unnest(s.scopes, s.windows) AS k(scope, start)
    WHERE k.scope ~ v_like GROUP BY 1, 2, 3
  ), taken AS (
    UPDATE budget_window w SET spent = w.spent - m.spent, requests = w.requests - m.requests
      FROM moved m WHERE w.scope = m.scope AND w.window_start = m.start
  )
  UPDATE budget_window w SET spent = w.spent + m.spent, requests = w.requests + m.requests
    FROM moved m WHERE w.scope = m.renamed AND w.window_start = m.start;
  UPDATE spend_log s SET "user" = CASE WHEN s."user" = p_user_id THEN v_erasure.pseudonym ELSE s."user" END, key_alias = NULL,
      scopes = ARRAY(SELECT regexp_replace(c.scope, v_like, v_new) FROM unnest(s.scopes) WITH ORDINALITY AS c(scope, n) ORDER BY c.n)
    FROM unnest(v_days, v_ids) AS t(day, id) WHERE s.day = t.day AND s.id = t.id;
  IF cardinality(v_ids) >= p_limit THEN RETURN cardinality(v_ids); END IF;
  -- Windows of days whose rows are gone by now. What is on lease waits until it is settled; who was made anew under the
  -- same id keeps what is theirs.
  WITH gone AS (
    DELETE FROM budget_window w WHERE w.scope ~ v_like AND w.leased = 0 AND NOT EXISTS (SELECT FROM internal_user u WHERE u.user_id = p_user_id)
    RETURNING w.*
  )
  INSERT INTO budget_window AS w (scope, window_start, spent, leased, requests)
    SELECT regexp_replace(g.scope, v_like, v_new), g.window_start, g.spent, 0, g.requests FROM gone g ORDER BY 1, 2
    ON CONFLICT (scope, window_start) DO UPDATE SET spent = w.spent + excluded.spent, requests = w.requests + excluded.requests;
  DELETE FROM budget_lease l WHERE l.scope ~ v_like AND NOT EXISTS (
    SELECT FROM budget_window w WHERE w.scope = l.scope AND w.window_start = l.window_start);
  -- Days, where they are added up. Of late ones the pseudonym may have its own: they get a name beside it.
  IF to_regclass('spend_daily') IS NOT NULL THEN
    BEGIN
      UPDATE spend_daily SET entity = v_erasure.pseudonym WHERE kind = 'user' AND entity = left(p_user_id, 200)
        AND (day < utc_day(v_erasure.requested_at) OR NOT EXISTS (SELECT FROM internal_user u WHERE u.user_id = p_user_id));
    EXCEPTION WHEN unique_violation THEN
      UPDATE spend_daily SET entity = v_erasure.pseudonym || ':' || gen_random_uuid() WHERE kind = 'user' AND entity = left(p_user_id, 200)
        AND (day < utc_day(v_erasure.requested_at) OR NOT EXISTS (SELECT FROM internal_user u WHERE u.user_id = p_user_id));
    END;
  END IF;
  RETURN cardinality(v_ids);
END $$;
--> statement-breakpoint
-- The person in the log of changes, in archives and in signatures.
CREATE FUNCTION erase_audit(p_user_id text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_erasure erasure;
  v_name text;
  v_table text;
BEGIN
  SELECT * INTO v_erasure FROM erasure WHERE user_id = p_user_id AND audited_at IS NULL FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM set_config('tollgate.author', '{"recorded":false}', true);
  -- Their own rows lose what they said, their keys' what names them.
  UPDATE audit_log SET before = NULL, after = NULL, object_id = v_erasure.pseudonym
    WHERE kind = 'user' AND object_id = p_user_id AND at <= v_erasure.requested_at;
  UPDATE audit_log SET object_id = left(object_id, length(object_id) - length(p_user_id)) || v_erasure.pseudonym, before = before - 'metadata', after = after - 'metadata'
    WHERE kind = 'member' AND right(object_id, length(p_user_id) + 1) = ':' || p_user_id AND at <= v_erasure.requested_at;
  UPDATE audit_log SET before = before - 'key_alias' - 'metadata', after = after - 'key_alias' - 'metadata'
    WHERE kind = 'key' AND at <= v_erasure.requested_at AND object_id IN (
      SELECT object_id FROM audit_log WHERE kind = 'key' AND p_user_id IN (before->>'user_id', after->>'user_id'));
  UPDATE audit_log SET changed_by = CASE WHEN changed_by = p_user_id THEN v_erasure.pseudonym ELSE changed_by END,
      user_id = CASE WHEN user_id = p_user_id THEN v_erasure.pseudonym ELSE user_id END, ip = NULL, user_agent = NULL
    WHERE (changed_by = p_user_id OR user_id = p_user_id) AND at <= v_erasure.requested_at;
  FOREACH v_name IN ARRAY p_user_id || v_erasure.names LOOP
    UPDATE audit_log SET
        before = replace(replace(before::text, to_json(v_name)::text, to_json(v_erasure.pseudonym)::text),
          ':' || v_name || '@', ':' || v_erasure.pseudonym || '@')::jsonb,
        after = replace(replace(after::text, to_json(v_name)::text, to_json(v_erasure.pseudonym)::text),
          ':' || v_name || '@', ':' || v_erasure.pseudonym || '@')::jsonb
      WHERE at <= v_erasure.requested_at AND strpos(concat(before, after), v_name) > 0;
    UPDATE audit_log SET changed_by = v_erasure.pseudonym, ip = NULL, user_agent = NULL
      WHERE changed_by = v_name AND at <= v_erasure.requested_at;
  END LOOP;
  DELETE FROM archived_entity a WHERE a.row->>'user_id' = p_user_id AND split_part(a.entity, ':', 1) IN ('user', 'member', 'key')
    AND a.deleted_at <= v_erasure.requested_at;
  UPDATE archived_entity SET deleted_by = v_erasure.pseudonym WHERE deleted_by = p_user_id;
  FOREACH v_table IN ARRAY ARRAY['virtual_key', 'team', 'organization', 'internal_user', 'team_membership', 'customer', 'tag', 'budget_template', 'stored_config'] LOOP
    EXECUTE format('UPDATE %I SET created_by = CASE WHEN created_by = $1 THEN $2 ELSE created_by END,
      updated_by = CASE WHEN updated_by = $1 THEN $2 ELSE updated_by END WHERE (created_by = $1 OR updated_by = $1) AND created_at <= $3', v_table)
      USING p_user_id, v_erasure.pseudonym, v_erasure.requested_at;
  END LOOP;
  UPDATE erasure SET audited_at = now(), names = '{}' WHERE user_id = p_user_id;
END $$;
