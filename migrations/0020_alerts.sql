CREATE TABLE "alert" (
	"id" text NOT NULL,
	"receiver" text NOT NULL,
	"type" text NOT NULL,
	"facts" jsonb NOT NULL,
	"raised_at" timestamp with time zone NOT NULL,
	"due_at" timestamp with time zone NOT NULL,
	"claimed_until" timestamp with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"sent_at" timestamp with time zone,
	"error" text,
	CONSTRAINT "alert_id_receiver_pk" PRIMARY KEY("id","receiver")
);
--> statement-breakpoint
CREATE INDEX "alert_due" ON "alert" USING btree ("due_at") WHERE sent_at is null;
--> statement-breakpoint
CREATE VIEW alerted_entity AS
  SELECT e.entity, e.kind, e.id, e.alias, coalesce(e.soft, t.soft_budget_nano) AS soft_nano
  FROM (
    SELECT entity_name('key', id) AS entity, 'key' AS kind, id, coalesce(key_alias, key_name) AS alias, soft_budget_nano AS soft, budget_id FROM virtual_key
    UNION ALL SELECT entity_name('team', team_id), 'team', team_id, team_alias, soft_budget_nano, budget_id FROM team
    UNION ALL SELECT entity_name('org', organization_id), 'org', organization_id, organization_alias, soft_budget_nano, budget_id FROM organization
    UNION ALL SELECT entity_name('user', user_id), 'user', user_id, coalesce(user_alias, user_email), soft_budget_nano, budget_id FROM internal_user
    UNION ALL SELECT entity_name('member', team_id, user_id), 'member', user_id, user_id || ' in ' || team_id, soft_budget_nano, budget_id FROM team_membership
    UNION ALL SELECT entity_name('customer', user_id), 'customer', user_id, alias, soft_budget_nano, budget_id FROM customer
    UNION ALL SELECT entity_name('tag', name), 'tag', name, NULL, soft_budget_nano, budget_id FROM tag
  ) e LEFT JOIN budget_template t USING (budget_id);
