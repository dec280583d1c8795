-- What reports count of the log itself is rare, so its indexes are small: refusals for rate, and answers out of the cache.
CREATE INDEX spend_log_rate_limited ON spend_log (day, model_group, api_base) WHERE http_status = 429;
--> statement-breakpoint
CREATE INDEX spend_log_cached ON spend_log (day, key_id, call_type, model) WHERE cache_hit;
