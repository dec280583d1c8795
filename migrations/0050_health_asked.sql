-- Who asks a deployment for its health says so here first, so that two who ask at once pay once.
CREATE TABLE "health_asked" (
	"deployment_id" text PRIMARY KEY NOT NULL,
	"asked_at" timestamp with time zone NOT NULL
);
