-- Requests that said an `Idempotency-Key`: who has them in hand, and what was answered, sealed with the operator's salt
-- key. A row without `finished_at` is somebody's until `lease_until`.
CREATE TABLE "idempotent_request" (
	"name" text PRIMARY KEY NOT NULL,
	"fingerprint" text NOT NULL,
	"attempt" text NOT NULL,
	"lease_until" timestamp with time zone NOT NULL,
	"finished_at" timestamp with time zone,
	"key_id" text,
	"sealed" text,
	"expires_at" timestamp with time zone NOT NULL
);
--> statement-breakpoint
CREATE INDEX "idempotent_request_expires" ON "idempotent_request" USING btree ("expires_at");
--> statement-breakpoint
-- Whether a request that nobody finished had changed something.
CREATE INDEX "audit_log_request" ON "audit_log" USING btree ("request_id");
