-- The person in the log of changes, in archives and in signatures: memberships of organizations are among them.
CREATE OR REPLACE FUNCTION erase_audit(p_user_id text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  v_erasure erasure;
  v_name text;
  v_table text;
BEGIN
  SELECT * INTO v_erasure FROM erasure WHERE user_id = p_user_id AND audited_at IS NULL FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM set_config('tollgate.author', '{"recorded":false}', true);
  -- Their own rows lose what they said, their keys' what names them.
  UPDATE audit_log SET before = NULL, after = NULL, object_id = v_erasure.pseudonym
    WHERE kind = 'user' AND object_id = p_user_id AND at <= v_erasure.requested_at;
  UPDATE audit_log SET object_id = left(object_id, length(object_id) - length(p_user_id)) || v_erasure.pseudonym, before = before - 'metadata', after = after - 'metadata'
    WHERE kind IN ('member', 'organization_member') AND right(object_id, length(p_user_id) + 1) = ':' || p_user_id AND at <= v_erasure.requested_at;
  UPDATE audit_log SET before = before - 'key_alias' - 'metadata', after = after - 'key_alias' - 'metadata'
    WHERE kind = 'key' AND at <= v_erasure.requested_at AND object_id IN (
      SELECT object_id FROM audit_log WHERE kind = 'key' AND p_user_id IN (before->>'user_id', after->>'user_id'));
  UPDATE audit_log SET changed_by = CASE WHEN changed_by = p_user_id THEN v_erasure.pseudonym ELSE changed_by END,
      user_id = CASE WHEN user_id = p_user_id THEN v_erasure.pseudonym ELSE user_id END, ip = NULL, user_agent = NULL
    WHERE (changed_by = p_user_id OR user_id = p_user_id) AND at <= v_erasure.requested_at;
  FOREACH v_name IN ARRAY p_user_id || v_erasure.names LOOP
    UPDATE audit_log SET
        before = replace(replace(before::text, to_json(v_name)::text, to_json(v_erasure.pseudonym)::text),
          ':' || v_name || '@', ':' || v_erasure.pseudonym || '@')::jsonb,
        after = replace(replace(after::text, to_json(v_name)::text, to_json(v_erasure.pseudonym)::text),
          ':' || v_name || '@', ':' || v_erasure.pseudonym || '@')::jsonb
      WHERE at <= v_erasure.requested_at AND strpos(concat(before, after), v_name) > 0;
    UPDATE audit_log SET changed_by = v_erasure.pseudonym, ip = NULL, user_agent = NULL
      WHERE changed_by = v_name AND at <= v_erasure.requested_at;
  END LOOP;
  DELETE FROM archived_entity a WHERE a.row->>'user_id' = p_user_id AND split_part(a.entity, ':', 1) IN ('user', 'member', 'key')
    AND a.deleted_at <= v_erasure.requested_at;
  UPDATE archived_entity SET deleted_by = v_erasure.pseudonym WHERE deleted_by = p_user_id;
  FOREACH v_table IN ARRAY ARRAY['virtual_key', 'team', 'organization', 'internal_user', 'team_membership', 'organization_membership', 'customer', 'tag', 'budget_template', 'stored_config'] LOOP
    EXECUTE format('UPDATE %I SET created_by = CASE WHEN created_by = $1 THEN $2 ELSE created_by END,
      updated_by = CASE WHEN updated_by = $1 THEN $2 ELSE updated_by END WHERE (created_by = $1 OR updated_by = $1) AND created_at <= $3', v_table)
      USING p_user_id, v_erasure.pseudonym, v_erasure.requested_at;
  END LOOP;
  UPDATE erasure SET audited_at = now(), names = '{}' WHERE user_id = p_user_id;
END $$;
