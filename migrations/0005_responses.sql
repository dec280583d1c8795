-- Responses that their owners asked to be kept, sealed with the operator's salt key; `owner` is `team:id`, else `key:id`.
CREATE TABLE "stored_response" (
	"owner" text NOT NULL,
	"id" text NOT NULL,
	"key_id" text NOT NULL,
	"sealed" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "stored_response_owner_id_pk" PRIMARY KEY("owner","id")
);
--> statement-breakpoint
CREATE INDEX "stored_response_expires" ON "stored_response" USING btree ("expires_at");
