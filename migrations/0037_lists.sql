-- Lists are read in the order of making, whoever's they are: one index for each way to ask, instead of a sort.
CREATE INDEX "virtual_key_user_created" ON "virtual_key" USING btree ("user_id","created_at","id");--> statement-breakpoint
CREATE INDEX "virtual_key_organization_created" ON "virtual_key" USING btree ("organization_id","created_at","id");--> statement-breakpoint
DROP INDEX "virtual_key_user";--> statement-breakpoint
DROP INDEX "virtual_key_organization";--> statement-breakpoint
DROP INDEX "virtual_key_team";--> statement-breakpoint
CREATE INDEX "customer_created" ON "customer" USING btree ("created_at","user_id");--> statement-breakpoint
CREATE INDEX "organization_created" ON "organization" USING btree ("created_at","organization_id");--> statement-breakpoint
CREATE INDEX "previous_token_expires" ON "previous_token" USING btree ("expires");
