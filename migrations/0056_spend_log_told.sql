-- What an event tells beside its row, in its own names, and nothing where it tells none: how the cost came about, the
-- session, and what the request said for its log alone.
ALTER TABLE spend_log ADD COLUMN told jsonb;
--> statement-breakpoint
-- `record_spend` takes it from the event. The function is changed where it stands, so that nothing else of it is repeated.
DO $$
DECLARE
  v_old text := pg_get_functiondef('record_spend(jsonb)'::regprocedure);
  v_column text := ', told';
  v_value text := $told$,
      nullif(jsonb_strip_nulls(jsonb_build_object(
        'original_cost_nano', r.original_cost_nano, 'discount_nano', r.discount_nano, 'margin_nano', r.margin_nano,
        'reported_cost_nano', r.reported_cost_nano, 'list_cost_nano', r.list_cost_nano, 'cost_source', r.cost_source,
        'unpriced', r.unpriced, 'session_id', r.session_id, 'spend_logs_metadata', r.spend_logs_metadata)), '{}')$told$;
  v_fields text := $told$,
      original_cost_nano text, discount_nano text, margin_nano text, reported_cost_nano text, list_cost_nano text,
      cost_source text, unpriced boolean, session_id text, spend_logs_metadata jsonb$told$;
  v_new text := replace(replace(replace(v_old,
    'error_message, request_tags)', 'error_message, request_tags' || v_column || ')'),
    'r.error_message, r.request_tags', 'r.error_message, r.request_tags' || v_value),
    'error_message text, request_tags text[])', 'error_message text, request_tags text[]' || v_fields || ')');
BEGIN
  IF length(v_new) <> length(v_old) + length(v_column) + length(v_value) + length(v_fields) THEN
    RAISE EXCEPTION 'record_spend is not as this migration knows it';
  END IF;
  EXECUTE v_new;
END $$;
--> statement-breakpoint
-- Whoever is erased is not named there either: what requests say for their log, and sessions, are the person's.
DO $$
DECLARE
  v_old text := pg_get_functiondef('erase_spend(text, int)'::regprocedure);
  v_more text := ' told = nullif(s.told - ''session_id'' - ''spend_logs_metadata'', ''{}''),';
  v_new text := replace(v_old, 'ELSE s."user" END, key_alias = NULL,', 'ELSE s."user" END, key_alias = NULL,' || v_more);
BEGIN
  IF length(v_new) <> length(v_old) + length(v_more) THEN
    RAISE EXCEPTION 'erase_spend is not as this migration knows it';
  END IF;
  EXECUTE v_new;
END $$;
