CREATE TABLE "budget" (
	"scope" text PRIMARY KEY NOT NULL,
	"entity" text NOT NULL,
	"limit_nano" bigint NOT NULL,
	"duration" text NOT NULL,
	"time_zone" text DEFAULT 'UTC' NOT NULL,
	"anchor" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "budget_lease" (
	"scope" text NOT NULL,
	"window_start" timestamp with time zone NOT NULL,
	"ledger" text NOT NULL,
	"granted" bigint DEFAULT 0 NOT NULL,
	"returned" bigint DEFAULT 0 NOT NULL,
	"charged" bigint DEFAULT 0 NOT NULL,
	"seq" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "budget_lease_scope_window_start_ledger_pk" PRIMARY KEY("scope","window_start","ledger"),
	CONSTRAINT "budget_lease_totals" CHECK ("budget_lease"."granted" >= "budget_lease"."returned" + "budget_lease"."charged")
);
--> statement-breakpoint
CREATE TABLE "budget_window" (
	"scope" text NOT NULL,
	"window_start" timestamp with time zone NOT NULL,
	"spent" bigint DEFAULT 0 NOT NULL,
	"leased" bigint DEFAULT 0 NOT NULL,
	"requests" bigint DEFAULT 0 NOT NULL,
	CONSTRAINT "budget_window_scope_window_start_pk" PRIMARY KEY("scope","window_start"),
	CONSTRAINT "budget_window_leased" CHECK ("budget_window"."leased" >= 0)
);
--> statement-breakpoint
CREATE TABLE "dead_letter" (
	"id" text PRIMARY KEY NOT NULL,
	"queue" text NOT NULL,
	"body" jsonb NOT NULL,
	"error" text,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL,
	"replayed_at" timestamp with time zone
);
--> statement-breakpoint
CREATE TABLE "organization" (
	"organization_id" text PRIMARY KEY NOT NULL,
	"organization_alias" text NOT NULL,
	"models" text[] DEFAULT '{}' NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"rpm_limit" integer,
	"tpm_limit" bigint,
	"blocked" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text,
	"updated_by" text
);
--> statement-breakpoint
CREATE TABLE "setting" (
	"name" text PRIMARY KEY NOT NULL,
	"value" jsonb NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "spend_log" (
	"day" date NOT NULL,
	"id" text NOT NULL,
	"kind" text DEFAULT 'request' NOT NULL,
	"request_id" text,
	"ledger" text,
	"grant_id" text,
	"single" boolean DEFAULT true NOT NULL,
	"hold_nano" bigint DEFAULT 0 NOT NULL,
	"cost_nano" bigint NOT NULL,
	"scopes" text[] NOT NULL,
	"windows" timestamptz[] NOT NULL,
	"covered" boolean[] NOT NULL,
	"overrun" boolean DEFAULT false NOT NULL,
	"call_type" text DEFAULT '' NOT NULL,
	"status" text DEFAULT 'success' NOT NULL,
	"key_id" text,
	"api_key" text,
	"key_alias" text,
	"user" text,
	"team_id" text,
	"organization_id" text,
	"end_user" text,
	"model" text,
	"model_group" text,
	"model_id" text,
	"custom_llm_provider" text,
	"api_base" text,
	"dialect" text,
	"stream" boolean,
	"usage" jsonb,
	"prompt_tokens" bigint DEFAULT 0 NOT NULL,
	"completion_tokens" bigint DEFAULT 0 NOT NULL,
	"total_tokens" bigint DEFAULT 0 NOT NULL,
	"usage_estimated" boolean DEFAULT false NOT NULL,
	"price_version" text,
	"start_time" timestamp with time zone NOT NULL,
	"first_token_time" timestamp with time zone,
	"end_time" timestamp with time zone NOT NULL,
	"cache_hit" boolean DEFAULT false NOT NULL,
	"http_status" integer,
	"error_type" text,
	"error_message" text,
	"request_tags" text[] DEFAULT '{}' NOT NULL,
	CONSTRAINT "spend_log_day_id_pk" PRIMARY KEY("day","id")
) PARTITION BY RANGE ("day");
--> statement-breakpoint
CREATE TABLE "spend_log_default" PARTITION OF "spend_log" DEFAULT;
--> statement-breakpoint
CREATE TABLE "team" (
	"team_id" text PRIMARY KEY NOT NULL,
	"team_alias" text,
	"organization_id" text,
	"models" text[] DEFAULT '{}' NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"rpm_limit" integer,
	"tpm_limit" bigint,
	"blocked" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text,
	"updated_by" text
);
--> statement-breakpoint
CREATE TABLE "virtual_key" (
	"id" text PRIMARY KEY NOT NULL,
	"token" text NOT NULL,
	"key_name" text NOT NULL,
	"key_alias" text,
	"user_id" text,
	"team_id" text,
	"organization_id" text,
	"models" text[] DEFAULT '{}' NOT NULL,
	"metadata" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"rpm_limit" integer,
	"tpm_limit" bigint,
	"expires" timestamp with time zone,
	"blocked" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text,
	"updated_by" text,
	CONSTRAINT "virtual_key_token_unique" UNIQUE("token"),
	CONSTRAINT "virtual_key_key_alias_unique" UNIQUE("key_alias")
);
--> statement-breakpoint
ALTER TABLE "team" ADD CONSTRAINT "team_organization_id_organization_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("organization_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "virtual_key" ADD CONSTRAINT "virtual_key_team_id_team_team_id_fk" FOREIGN KEY ("team_id") REFERENCES "public"."team"("team_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "virtual_key" ADD CONSTRAINT "virtual_key_organization_id_organization_organization_id_fk" FOREIGN KEY ("organization_id") REFERENCES "public"."organization"("organization_id") ON DELETE no action ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "budget_entity" ON "budget" USING btree ("entity");--> statement-breakpoint
CREATE INDEX "spend_log_grant" ON "spend_log" USING btree ("grant_id");--> statement-breakpoint
CREATE INDEX "spend_log_key" ON "spend_log" USING btree ("api_key","day");--> statement-breakpoint
CREATE INDEX "spend_log_team" ON "spend_log" USING btree ("team_id","day");--> statement-breakpoint
CREATE INDEX "spend_log_request" ON "spend_log" USING btree ("request_id");--> statement-breakpoint
CREATE INDEX "team_organization" ON "team" USING btree ("organization_id");--> statement-breakpoint
CREATE INDEX "virtual_key_team" ON "virtual_key" USING btree ("team_id");--> statement-breakpoint
CREATE INDEX "virtual_key_organization" ON "virtual_key" USING btree ("organization_id");