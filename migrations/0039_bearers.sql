-- Who acts without a key stands in the logs by a name of their own (`user:ada`, `member:team:ada`), where a key's id and
-- hash stand else. Erasing a person takes it away there too; first, since afterwards no row tells whose it was.
CREATE FUNCTION erase_bearer(p_user_id text, p_limit int) RETURNS int LANGUAGE plpgsql
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  v_erasure erasure;
  v_like text := '^(user:|member:[^:@]+:)' || regexp_replace(substr(entity_name('user', p_user_id), 6), '([^A-Za-z0-9_-])', '\\\1', 'g') || '$';
  v_new text;
  v_name text;
  v_moved int;
BEGIN
  SELECT * INTO v_erasure FROM erasure WHERE user_id = p_user_id FOR UPDATE;
  IF NOT FOUND THEN RETURN 0; END IF;
  v_new := '\1' || v_erasure.pseudonym;
  UPDATE spend_log s SET key_id = regexp_replace(s.key_id, v_like, v_new), api_key = regexp_replace(s.api_key, v_like, v_new)
    WHERE (s.day, s.id) IN (SELECT l.day, l.id FROM spend_log l
      WHERE l."user" = p_user_id AND l.key_id ~ v_like AND l.start_time <= v_erasure.requested_at LIMIT p_limit);
  GET DIAGNOSTICS v_moved = ROW_COUNT;
  IF v_moved >= p_limit THEN RETURN v_moved; END IF;
  -- Days, as `erase_spend` treats them.
  FOR v_name IN SELECT DISTINCT d.key_id FROM spend_daily d
    WHERE d.kind = 'user' AND d.entity = left(p_user_id, 200) AND d.key_id ~ v_like
  LOOP
    BEGIN
      UPDATE spend_daily SET key_id = regexp_replace(v_name, v_like, v_new) WHERE key_id = v_name
        AND (day < utc_day(v_erasure.requested_at) OR NOT EXISTS (SELECT FROM internal_user u WHERE u.user_id = p_user_id));
    EXCEPTION WHEN unique_violation THEN
      UPDATE spend_daily SET key_id = regexp_replace(v_name, v_like, v_new) || ':' || gen_random_uuid() WHERE key_id = v_name
        AND (day < utc_day(v_erasure.requested_at) OR NOT EXISTS (SELECT FROM internal_user u WHERE u.user_id = p_user_id));
    END;
  END LOOP;
  UPDATE audit_log SET changed_by_key = regexp_replace(changed_by_key, v_like, v_new)
    WHERE (user_id = p_user_id OR changed_by = p_user_id) AND changed_by_key ~ v_like AND at <= v_erasure.requested_at;
  RETURN v_moved;
END $$;
