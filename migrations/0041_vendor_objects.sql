-- Files and batches that callers keep at a vendor, whose they are, and for a batch what its row of the spend log will be:
-- it is charged under one id, so that whoever sees its results first charges it and everybody else changes nothing.
CREATE TABLE "vendor_object" (
	"vendor" text NOT NULL,
	"id" text NOT NULL,
	"kind" text NOT NULL,
	"owner" text NOT NULL,
	"said" jsonb NOT NULL,
	"batch" text,
	"opening" jsonb,
	"created_at" timestamp with time zone NOT NULL,
	"charged_at" timestamp with time zone,
	CONSTRAINT "vendor_object_vendor_id_pk" PRIMARY KEY("vendor","id")
);
--> statement-breakpoint
CREATE INDEX "vendor_object_owner" ON "vendor_object" USING btree ("owner","kind","created_at" DESC NULLS LAST);
--> statement-breakpoint
CREATE INDEX "vendor_object_open" ON "vendor_object" USING btree ("created_at") WHERE opening is not null and charged_at is null;
