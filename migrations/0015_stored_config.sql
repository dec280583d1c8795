CREATE TABLE "stored_config" (
	"kind" text NOT NULL,
	"id" text NOT NULL,
	"open" jsonb NOT NULL,
	"key_id" text,
	"sealed" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"created_by" text NOT NULL,
	"updated_by" text NOT NULL,
	CONSTRAINT "stored_config_kind_id_pk" PRIMARY KEY("kind","id")
);
