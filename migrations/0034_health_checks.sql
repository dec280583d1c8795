CREATE TABLE "health_check" (
	"id" text PRIMARY KEY NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"model_group" text NOT NULL,
	"deployment_id" text NOT NULL,
	"provider" text NOT NULL,
	"model" text NOT NULL,
	"ok" boolean NOT NULL,
	"latency_ms" integer NOT NULL,
	"cost_nano" bigint NOT NULL,
	"error" text,
	"by" text NOT NULL
);
--> statement-breakpoint
CREATE INDEX "health_check_deployment" ON "health_check" USING btree ("deployment_id","at" DESC NULLS LAST);
--> statement-breakpoint
CREATE INDEX "health_check_at" ON "health_check" USING btree ("at");
