CREATE TABLE "budget_template" (
	"budget_id" text PRIMARY KEY NOT NULL,
	"max_budget_nano" bigint,
	"budget_duration" text,
	"time_zone" text DEFAULT 'UTC' NOT NULL,
	"anchor" timestamp with time zone DEFAULT now() NOT NULL,
	"model_max_budget" jsonb,
	"rpm_limit" integer,
	"tpm_limit" bigint,
	"max_parallel_requests" integer,
	"soft_budget_nano" bigint,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text,
	"updated_by" text
);
--> statement-breakpoint
CREATE TABLE "customer" (
	"user_id" text PRIMARY KEY NOT NULL,
	"alias" text,
	"rpm_limit" integer,
	"tpm_limit" bigint,
	"max_parallel_requests" integer,
	"soft_budget_nano" bigint,
	"models" text[] DEFAULT '{}' NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"model_rpm_limit" jsonb,
	"model_tpm_limit" jsonb,
	"rpm_limit_type" text,
	"tpm_limit_type" text,
	"budget_id" text,
	"blocked" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text,
	"updated_by" text
);
--> statement-breakpoint
CREATE TABLE "internal_user" (
	"user_id" text PRIMARY KEY NOT NULL,
	"user_alias" text,
	"user_email" text,
	"user_role" text DEFAULT 'internal_user' NOT NULL,
	"rpm_limit" integer,
	"tpm_limit" bigint,
	"max_parallel_requests" integer,
	"soft_budget_nano" bigint,
	"models" text[] DEFAULT '{}' NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"model_rpm_limit" jsonb,
	"model_tpm_limit" jsonb,
	"rpm_limit_type" text,
	"tpm_limit_type" text,
	"budget_id" text,
	"blocked" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text,
	"updated_by" text,
	CONSTRAINT "internal_user_user_email_unique" UNIQUE("user_email")
);
--> statement-breakpoint
CREATE TABLE "previous_token" (
	"token" text PRIMARY KEY NOT NULL,
	"key_id" text NOT NULL,
	"expires" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE TABLE "tag" (
	"name" text PRIMARY KEY NOT NULL,
	"description" text,
	"rpm_limit" integer,
	"tpm_limit" bigint,
	"max_parallel_requests" integer,
	"soft_budget_nano" bigint,
	"models" text[] DEFAULT '{}' NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"model_rpm_limit" jsonb,
	"model_tpm_limit" jsonb,
	"rpm_limit_type" text,
	"tpm_limit_type" text,
	"budget_id" text,
	"blocked" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text,
	"updated_by" text
);
--> statement-breakpoint
CREATE TABLE "team_membership" (
	"team_id" text NOT NULL,
	"user_id" text NOT NULL,
	"role" text DEFAULT 'user' NOT NULL,
	"rpm_limit" integer,
	"tpm_limit" bigint,
	"max_parallel_requests" integer,
	"soft_budget_nano" bigint,
	"models" text[] DEFAULT '{}' NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"model_rpm_limit" jsonb,
	"model_tpm_limit" jsonb,
	"rpm_limit_type" text,
	"tpm_limit_type" text,
	"budget_id" text,
	"blocked" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text,
	"updated_by" text,
	CONSTRAINT "team_membership_team_id_user_id_pk" PRIMARY KEY("team_id","user_id")
);
--> statement-breakpoint
ALTER TABLE "budget" ADD COLUMN "part" text DEFAULT 'main' NOT NULL;--> statement-breakpoint
ALTER TABLE "budget" ADD COLUMN "model" text;--> statement-breakpoint
ALTER TABLE "budget" ADD COLUMN "extra_nano" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "budget" ADD COLUMN "extra_until" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "organization" ADD COLUMN "max_parallel_requests" integer;--> statement-breakpoint
ALTER TABLE "organization" ADD COLUMN "soft_budget_nano" bigint;--> statement-breakpoint
ALTER TABLE "organization" ADD COLUMN "model_rpm_limit" jsonb;--> statement-breakpoint
ALTER TABLE "organization" ADD COLUMN "model_tpm_limit" jsonb;--> statement-breakpoint
ALTER TABLE "organization" ADD COLUMN "rpm_limit_type" text;--> statement-breakpoint
ALTER TABLE "organization" ADD COLUMN "tpm_limit_type" text;--> statement-breakpoint
ALTER TABLE "organization" ADD COLUMN "budget_id" text;--> statement-breakpoint
ALTER TABLE "team" ADD COLUMN "member_budget_id" text;--> statement-breakpoint
ALTER TABLE "team" ADD COLUMN "max_parallel_requests" integer;--> statement-breakpoint
ALTER TABLE "team" ADD COLUMN "soft_budget_nano" bigint;--> statement-breakpoint
ALTER TABLE "team" ADD COLUMN "model_rpm_limit" jsonb;--> statement-breakpoint
ALTER TABLE "team" ADD COLUMN "model_tpm_limit" jsonb;--> statement-breakpoint
ALTER TABLE "team" ADD COLUMN "rpm_limit_type" text;--> statement-breakpoint
ALTER TABLE "team" ADD COLUMN "tpm_limit_type" text;--> statement-breakpoint
ALTER TABLE "team" ADD COLUMN "budget_id" text;--> statement-breakpoint
ALTER TABLE "virtual_key" ADD COLUMN "max_parallel_requests" integer;--> statement-breakpoint
ALTER TABLE "virtual_key" ADD COLUMN "soft_budget_nano" bigint;--> statement-breakpoint
ALTER TABLE "virtual_key" ADD COLUMN "model_rpm_limit" jsonb;--> statement-breakpoint
ALTER TABLE "virtual_key" ADD COLUMN "model_tpm_limit" jsonb;--> statement-breakpoint
ALTER TABLE "virtual_key" ADD COLUMN "rpm_limit_type" text;--> statement-breakpoint
ALTER TABLE "virtual_key" ADD COLUMN "tpm_limit_type" text;--> statement-breakpoint
ALTER TABLE "virtual_key" ADD COLUMN "budget_id" text;--> statement-breakpoint
ALTER TABLE "customer" ADD CONSTRAINT "customer_budget_id_budget_template_budget_id_fk" FOREIGN KEY ("budget_id") REFERENCES "public"."budget_template"("budget_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "internal_user" ADD CONSTRAINT "internal_user_budget_id_budget_template_budget_id_fk" FOREIGN KEY ("budget_id") REFERENCES "public"."budget_template"("budget_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "previous_token" ADD CONSTRAINT "previous_token_key_id_virtual_key_id_fk" FOREIGN KEY ("key_id") REFERENCES "public"."virtual_key"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "tag" ADD CONSTRAINT "tag_budget_id_budget_template_budget_id_fk" FOREIGN KEY ("budget_id") REFERENCES "public"."budget_template"("budget_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "team_membership" ADD CONSTRAINT "team_membership_team_id_team_team_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."team"("team_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "team_membership" ADD CONSTRAINT "team_membership_user_id_internal_user_user_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."internal_user"("user_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "team_membership" ADD CONSTRAINT "team_membership_budget_id_budget_template_budget_id_fk" FOREIGN KEY ("budget_id") REFERENCES "public"."budget_template"("budget_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "customer_budget" ON "customer" USING btree ("budget_id");--> statement-breakpoint
CREATE INDEX "internal_user_budget" ON "internal_user" USING btree ("budget_id");--> statement-breakpoint
CREATE INDEX "previous_token_key" ON "previous_token" USING btree ("key_id");--> statement-breakpoint
CREATE INDEX "tag_budget" ON "tag" USING btree ("budget_id");--> statement-breakpoint
CREATE INDEX "team_membership_user" ON "team_membership" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "team_membership_budget" ON "team_membership" USING btree ("budget_id");--> statement-breakpoint
ALTER TABLE "organization" ADD CONSTRAINT "organization_budget_id_budget_template_budget_id_fk" FOREIGN KEY ("budget_id") REFERENCES "public"."budget_template"("budget_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "team" ADD CONSTRAINT "team_member_budget_id_budget_template_budget_id_fk" FOREIGN KEY ("member_budget_id") REFERENCES "public"."budget_template"("budget_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "team" ADD CONSTRAINT "team_budget_id_budget_template_budget_id_fk" FOREIGN KEY ("budget_id") REFERENCES "public"."budget_template"("budget_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "virtual_key" ADD CONSTRAINT "virtual_key_budget_id_budget_template_budget_id_fk" FOREIGN KEY ("budget_id") REFERENCES "public"."budget_template"("budget_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "organization_budget" ON "organization" USING btree ("budget_id");--> statement-breakpoint
CREATE INDEX "team_budget" ON "team" USING btree ("budget_id");--> statement-breakpoint
CREATE INDEX "virtual_key_user" ON "virtual_key" USING btree ("user_id");--> statement-breakpoint
CREATE INDEX "virtual_key_budget" ON "virtual_key" USING btree ("budget_id");--> statement-breakpoint
-- The name of an entity (src/tenants/scope.ts): its parts escaped, so that a name has one reading.
CREATE FUNCTION entity_name(p_kind text, VARIADIC p_id text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT p_kind || (SELECT string_agg(':' || replace(replace(replace(replace(
    i.part, '%', '%25'), ':', '%3a'), '@', '%40'), '=', '%3d'), '' ORDER BY i.n)
    FROM unnest(p_id) WITH ORDINALITY AS i(part, n))
$$;
--> statement-breakpoint
-- Whose limits come from a template.
CREATE FUNCTION linked_entities(p_budget_id text) RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT coalesce(array_agg(l.entity ORDER BY l.entity), '{}') FROM (
    SELECT entity_name('key', id) AS entity FROM virtual_key WHERE budget_id = p_budget_id
    UNION ALL SELECT entity_name('team', team_id) FROM team WHERE budget_id = p_budget_id
    UNION ALL SELECT entity_name('org', organization_id) FROM organization WHERE budget_id = p_budget_id
    UNION ALL SELECT entity_name('user', user_id) FROM internal_user WHERE budget_id = p_budget_id
    UNION ALL SELECT entity_name('member', team_id, user_id) FROM team_membership WHERE budget_id = p_budget_id
    UNION ALL SELECT entity_name('customer', user_id) FROM customer WHERE budget_id = p_budget_id
    UNION ALL SELECT entity_name('tag', name) FROM tag WHERE budget_id = p_budget_id
  ) l
$$;
--> statement-breakpoint
-- What a limit comes to at this moment: with its temporary increase, as long as that lasts.
CREATE FUNCTION limit_of(b budget) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT b.limit_nano + CASE WHEN b.extra_until > now() THEN b.extra_nano ELSE 0 END
$$;
--> statement-breakpoint
-- Slices are lent of the limit with its increase. The function's own text is changed, so that whatever else it says stays.
DO $patch$
DECLARE
  v_text text := pg_get_functiondef('exchange_slices(text, jsonb)'::regprocedure);
  v_new text := replace(v_text, 'SELECT b.limit_nano INTO v_limit', 'SELECT limit_of(b) INTO v_limit');
BEGIN
  IF v_new = v_text THEN RAISE EXCEPTION 'exchange_slices does not read a limit where it used to'; END IF;
  EXECUTE v_new;
END $patch$;
--> statement-breakpoint
-- A scope that is limited from now on opens with what its entity has spent since the window began: one row of the log
-- each, so that the log stays the spend. What already names the scope, and what was carried before, does not count again.
-- An item: {entity, scope, model, start_ms}. All windows are locked at once, in the one order.
CREATE FUNCTION carry_spend(p_operation text, p_now_ms bigint, p_items jsonb) RETURNS void LANGUAGE plpgsql
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  v_item record;
  v_cost bigint;
BEGIN
  PERFORM lock_windows(
    ARRAY(SELECT i->>'scope' FROM jsonb_array_elements(p_items) i),
    ARRAY(SELECT time_of_ms((i->>'start_ms')::bigint) FROM jsonb_array_elements(p_items) i));
  FOR v_item IN
    SELECT i.*, time_of_ms(i.start_ms) AS start FROM jsonb_to_recordset(p_items)
      AS i(entity text, scope text, model text, start_ms bigint) ORDER BY i.scope
  LOOP
    SELECT coalesce(sum(s.cost_nano) FILTER (WHERE s.kind IN ('request', 'expired') AND s.start_time >= v_item.start
        AND v_item.entity || '@life' = ANY (s.scopes) AND v_item.scope <> ALL (s.scopes)
        AND (v_item.model IS NULL OR v_item.model IN (s.model_group, s.model))), 0)
      - coalesce(sum(s.cost_nano) FILTER (WHERE s.kind = 'carry' AND s.scopes = ARRAY[v_item.scope]
        AND s.windows = ARRAY[v_item.start]), 0)
      INTO v_cost FROM spend_log s WHERE s.day >= utc_day(v_item.start) - 1;
    CONTINUE WHEN v_cost <= 0;
    INSERT INTO spend_log (day, id, kind, cost_nano, scopes, windows, covered, call_type, start_time, end_time)
      VALUES (
        day_of_id(p_operation), 'carry:' || v_item.scope || ':' || p_operation, 'carry', v_cost, ARRAY[v_item.scope],
        ARRAY[v_item.start], ARRAY[false], 'carry', time_of_ms(p_now_ms), time_of_ms(p_now_ms));
    UPDATE budget_window w SET spent = w.spent + v_cost
      WHERE w.scope = v_item.scope AND w.window_start = v_item.start;
  END LOOP;
END $$;
--> statement-breakpoint
-- The budgets of entities become these and no others, within the parts named. A budget: {suffix, part, model,
-- limit_nano, extra_nano, extra_until_ms, duration, time_zone, anchor_ms, start_ms}; entity and suffix are its scope.
-- One that stays keeps its window; a new one opens with what was spent. Limits are locked before windows, each sorted.
CREATE FUNCTION set_budgets(p_operation text, p_now_ms bigint, p_entities text[], p_parts text[], p_budgets jsonb)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_items jsonb;
BEGIN
  PERFORM 1 FROM budget b WHERE b.entity = ANY (p_entities) ORDER BY b.scope FOR UPDATE;
  DELETE FROM budget b WHERE b.entity = ANY (p_entities) AND b.part = ANY (p_parts)
    AND b.scope NOT IN (SELECT b.entity || (r->>'suffix') FROM jsonb_array_elements(p_budgets) r);
  WITH wanted AS (
    SELECT e.entity, e.entity || r.suffix AS scope, r.*
    FROM unnest(p_entities) AS e(entity), jsonb_to_recordset(p_budgets) AS r(
      suffix text, part text, model text, limit_nano bigint, extra_nano bigint, extra_until_ms bigint, duration text,
      time_zone text, anchor_ms bigint, start_ms bigint)
  ), written AS (
    INSERT INTO budget AS b (scope, entity, part, model, limit_nano, extra_nano, extra_until, duration, time_zone, anchor)
    SELECT w.scope, w.entity, w.part, w.model, w.limit_nano, coalesce(w.extra_nano, 0), time_of_ms(w.extra_until_ms),
      w.duration, w.time_zone, time_of_ms(w.anchor_ms) FROM wanted w ORDER BY w.scope
    ON CONFLICT (scope) DO UPDATE SET part = excluded.part, limit_nano = excluded.limit_nano,
      extra_nano = excluded.extra_nano, extra_until = excluded.extra_until
    RETURNING b.scope, xmax = 0 AS fresh
  )
  SELECT coalesce(jsonb_agg(jsonb_build_object(
      'entity', w.entity, 'scope', w.scope, 'model', w.model, 'start_ms', w.start_ms)), '[]')
    INTO v_items FROM wanted w JOIN written USING (scope)
    WHERE written.fresh AND (w.duration <> 'life' OR w.model IS NOT NULL);
  PERFORM carry_spend(p_operation, p_now_ms, v_items);
END $$;
--> statement-breakpoint
-- As before; a change of very many ids lists none, and whoever knows an older number forgets everything.
CREATE OR REPLACE FUNCTION raise_generation(p_ids text[]) RETURNS bigint LANGUAGE sql AS $$
  INSERT INTO setting AS s (name, value)
    VALUES ('generation', jsonb_build_object(
      'number', 1, 'changed', jsonb_build_array(jsonb_build_object('number', 1, 'ids', to_jsonb(p_ids)))))
    ON CONFLICT (name) DO UPDATE SET updated_at = now(), value = jsonb_build_object(
      'number', (s.value->>'number')::bigint + 1,
      'changed', CASE WHEN cardinality(p_ids) > 100 THEN '[]' ELSE (
        SELECT coalesce(jsonb_agg(c.change ORDER BY c.n), '[]') FROM jsonb_array_elements(s.value->'changed')
          WITH ORDINALITY AS c(change, n) WHERE c.n > jsonb_array_length(s.value->'changed') - 99
      ) || jsonb_build_object('number', (s.value->>'number')::bigint + 1, 'ids', to_jsonb(p_ids)) END)
    RETURNING (s.value->>'number')::bigint
$$;
