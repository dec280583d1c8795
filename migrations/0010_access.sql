ALTER TABLE "virtual_key" ADD COLUMN "aliases" jsonb;--> statement-breakpoint
ALTER TABLE "virtual_key" ADD COLUMN "allowed_routes" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
ALTER TABLE "team" ADD COLUMN "model_aliases" jsonb;--> statement-breakpoint
ALTER TABLE "team" ADD COLUMN "member_permissions" text[] DEFAULT '{}' NOT NULL;--> statement-breakpoint
CREATE TABLE "archived_entity" (
	"entity" text NOT NULL,
	"deleted_at" timestamp with time zone DEFAULT now() NOT NULL,
	"deleted_by" text,
	"row" jsonb NOT NULL,
	CONSTRAINT "archived_entity_entity_deleted_at_pk" PRIMARY KEY("entity","deleted_at")
);
--> statement-breakpoint
CREATE INDEX "virtual_key_created" ON "virtual_key" USING btree ("created_at","id");--> statement-breakpoint
CREATE INDEX "virtual_key_team_created" ON "virtual_key" USING btree ("team_id","created_at","id");--> statement-breakpoint
CREATE INDEX "team_created" ON "team" USING btree ("created_at","team_id");--> statement-breakpoint
CREATE INDEX "internal_user_created" ON "internal_user" USING btree ("created_at","user_id");
