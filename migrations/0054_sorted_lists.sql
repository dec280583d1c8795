-- Lists in the order in which they are asked for: keys by alias and people by e-mail as bytes, what is absent first, and
-- the rows of the spend log that are shown, newest first. The day is in it so that they can be counted from it alone.
CREATE INDEX "virtual_key_alias_sorted" ON "virtual_key" USING btree ("key_alias" COLLATE "C" NULLS FIRST,"id");--> statement-breakpoint
CREATE INDEX "internal_user_email_sorted" ON "internal_user" USING btree ("user_email" COLLATE "C" NULLS FIRST,"user_id");--> statement-breakpoint
CREATE INDEX "spend_log_time" ON "spend_log" USING btree ("start_time" DESC,"id" DESC,"day") WHERE kind <> 'carry' AND (kind = 'request' OR cost_nano <> 0);
