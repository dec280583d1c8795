-- As in 0032, and names of headers are names too (`x-api-key`), tokens of services (`bot_token`) and addresses that let in
-- whoever knows them (`slack_webhook_url`) are secrets, whole lists of them included.
CREATE OR REPLACE FUNCTION audit_shown(p_value jsonb) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
  CASE jsonb_typeof(p_value)
    WHEN 'object' THEN RETURN (SELECT coalesce(jsonb_object_agg(f.name, CASE
        WHEN replace(f.name, '-', '_') ~* '(secret|passw|api_?key|private_?key|access_?key|subscription_?key|credential|authorization|bearer|cookie|webhook|signature|(auth|access|bot|api|id|refresh|session|security)_?token)'
          AND replace(f.name, '-', '_') !~* '_(name|id)$'
          THEN CASE
            WHEN jsonb_typeof(f.value) IN ('string', 'number') THEN '"(secret)"'::jsonb
            WHEN jsonb_typeof(f.value) = 'array' THEN (SELECT coalesce(jsonb_agg(CASE
                WHEN jsonb_typeof(i.value) IN ('string', 'number') THEN '"(secret)"'::jsonb ELSE audit_shown(i.value) END ORDER BY i.n), '[]')
              FROM jsonb_array_elements(f.value) WITH ORDINALITY AS i(value, n))
            ELSE audit_shown(f.value) END
        ELSE audit_shown(f.value) END), '{}') FROM jsonb_each(p_value) AS f(name, value));
    WHEN 'array' THEN RETURN (SELECT coalesce(jsonb_agg(audit_shown(i.value) ORDER BY i.n), '[]')
      FROM jsonb_array_elements(p_value) WITH ORDINALITY AS i(value, n));
    WHEN 'string' THEN RETURN CASE
      WHEN p_value #>> '{}' ~ '\m(sk|pk|rk|gsk|xai|xox[abeprs])[-_][A-Za-z0-9_-]{8,}' THEN '"(secret)"'::jsonb
      WHEN p_value #>> '{}' ~ '\mAIza[A-Za-z0-9_-]{10,}|\meyJ[A-Za-z0-9_-]{5,}\.|://[^/@[:space:]]+:[^/@[:space:]]+@|hooks\.slack\.com/|/api/webhooks/' THEN '"(secret)"'::jsonb
      ELSE p_value END;
    ELSE RETURN p_value;
  END CASE;
END $$;
