-- Prices that were read while the gateway ran, by `vendor/model`. Who read them when from where is a row of stored_config.
CREATE TABLE "price_list" (
	"id" text PRIMARY KEY NOT NULL,
	"prices" jsonb NOT NULL
);
