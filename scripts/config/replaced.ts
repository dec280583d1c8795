const redis = 'Redis is reached over REST: set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN'
const routerRedis = `shared routing state lives in Durable Objects; ${redis}`
const pool = 'Postgres is reached over HTTP without a connection pool'
const reset = 'no job resets budgets: a window begins by the clock'
const spendQueue = 'spend goes through a queue at once, not in intervals'
const workers = 'Cloudflare starts and stops isolates itself'
const logs = 'logs are JSON; read them with wrangler tail or in the dashboard'
const tls = "TLS is the platform's and always verified"
const python = 'it tunes the Python proxy only'
const secrets = 'secrets are Cloudflare secrets: wrangler secret put NAME'

/** Keys that mean nothing at the edge, and what stands in their place. `model_list.*.` is any row. */
export const replaced: Readonly<Record<string, string>> = {
  'router_settings.redis_host': routerRedis,
  'router_settings.redis_port': routerRedis,
  'router_settings.redis_password': routerRedis,
  'router_settings.redis_url': routerRedis,
  'router_settings.redis_db': routerRedis,
  'router_settings.client_ttl': python,
  'router_settings.polling_interval': python,
  'router_settings.max_retries': 'use num_retries; no vendor SDK retries beneath the gateway',
  'router_settings.set_verbose': logs,
  'router_settings.debug_level': logs,
  'router_settings.ignore_invalid_deployments': 'a deployment that cannot work is always left out, with its reason',

  'litellm_settings.set_verbose': logs,
  'litellm_settings.json_logs': logs,
  'litellm_settings.force_ipv4': python,
  'litellm_settings.ssl_verify': tls,
  'litellm_settings.ssl_certificate': tls,
  'litellm_settings.disable_hf_tokenizer_download': 'no tokenizer is ever downloaded',
  'litellm_settings.disable_aiohttp_transport': python,
  'litellm_settings.enable_redis_auth_cache': 'keys are shared through Redis wherever it is configured',
  'litellm_settings.network_mock': 'npm run dev brings stand-in providers',

  'litellm_settings.cache_params.host': redis,
  'litellm_settings.cache_params.port': redis,
  'litellm_settings.cache_params.password': redis,
  'litellm_settings.cache_params.username': redis,
  'litellm_settings.cache_params.url': redis,
  'litellm_settings.cache_params.ssl': redis,
  'litellm_settings.cache_params.ssl_cert_reqs': redis,
  'litellm_settings.cache_params.ssl_check_hostname': redis,
  'litellm_settings.cache_params.ssl_ca_certs': redis,
  'litellm_settings.cache_params.ssl_certfile': redis,
  'litellm_settings.cache_params.ssl_keyfile': redis,
  'litellm_settings.cache_params.max_connections': redis,
  'litellm_settings.cache_params.redis_host': redis,
  'litellm_settings.cache_params.redis_port': redis,
  'litellm_settings.cache_params.redis_password': redis,
  'litellm_settings.cache_params.redis_url': redis,
  'litellm_settings.cache_params.redis_startup_nodes': redis,
  'litellm_settings.cache_params.sentinel_nodes': redis,
  'litellm_settings.cache_params.service_name': redis,
  'litellm_settings.cache_params.gcp_service_account': redis,
  'litellm_settings.cache_params.gcp_ssl_ca_certs': redis,
  'litellm_settings.cache_params.redis_flush_size': redis,

  'general_settings.database_connection_pool_limit': pool,
  'general_settings.database_connection_timeout': pool,
  'general_settings.database_connection_pool_timeout': pool,
  'general_settings.database_connect_timeout': pool,
  'general_settings.database_socket_timeout': pool,
  'general_settings.database_extra_connection_params': pool,
  'general_settings.database_disable_prepared_statements': pool,
  'general_settings.disable_prisma_schema_update': 'npm run db:migrate migrates, and nothing else does',
  'general_settings.proxy_budget_rescheduler_min_time': reset,
  'general_settings.proxy_budget_rescheduler_max_time': reset,
  'general_settings.disable_reset_budget': `${reset}; leave budget_duration out for a budget that never begins again`,
  'general_settings.proxy_batch_write_at': spendQueue,
  'general_settings.use_redis_transaction_buffer': spendQueue,
  'general_settings.use_spend_logs_partitioning': 'the spend log is always partitioned by day',
  'general_settings.user_api_key_cache_ttl': 'a changed key reaches every isolate within 5 seconds, always',
  'general_settings.proxy_config_reload_interval_seconds': 'changes reach every isolate within 5 seconds, always',
  'general_settings.disable_adding_master_key_hash_to_db': 'the master key is never stored',
  'general_settings.disable_master_key_return': 'the master key is never returned',
  'general_settings.disable_budget_reservation': 'budgets are always reserved before they are spent',
  'general_settings.fail_closed_budget_enforcement': 'a budget that cannot be checked refuses, always',
  'general_settings.coordination_redis': `what must be coordinated lives in Durable Objects; ${redis}`,
  'general_settings.cancel_on_disconnect': 'a client that leaves always cancels its call at the provider',
  'general_settings.scheduled_job_stagger': 'cron triggers run once, not in every process',
  'general_settings.key_management_system': secrets,
  'general_settings.key_management_settings': secrets,
  'general_settings.litellm_license': 'there is nothing to license',
  'general_settings.control_plane_url': 'there is no separate control plane',
  'general_settings.user_url_validation':
    'addresses that a request names are always checked; user_url_allowed_hosts lets private ones through',
  'general_settings.num_workers': workers,
  'general_settings.max_requests_before_restart': workers,
  worker_registry: workers,

  'model_list.*.litellm_params.max_retries': 'use num_retries; no vendor SDK retries beneath the gateway',
  'model_list.*.litellm_params.use_litellm_proxy': 'name the other gateway in api_base, with the vendor custom_openai',
  'model_list.*.model_info.db_model': 'the gateway knows itself where a row comes from',
}
