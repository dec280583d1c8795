import type { ErrorKind } from '../../../src/errors.ts'

/** A refusal as its vendor documents it: status, body, and what it becomes here. */
export type Refused = readonly [
  status: number,
  body: object | string,
  kind: ErrorKind,
  told?: { readonly status?: number; readonly retryAfterMs?: number; readonly says?: RegExp },
]

const openai = (message: string, code: string | null = null, type = 'invalid_request_error') => ({
  error: { message, type, param: null, code },
})
const anthropic = (type: string, message: string) => ({ type: 'error', error: { type, message }, request_id: 'req_1' })
const google = (code: number, status: string, message: string, details: readonly object[] = []) => ({
  error: { code, message, status, details },
})
const RETRY = [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '21.5s' }]
const html = '<html><head><title>401 Authorization Required</title></head><body>openresty</body></html>'

/** By `provider/model`; from each vendor's page of errors, beside what the families' fixtures have. */
export const refusals: Readonly<Record<string, readonly Refused[]>> = {
  'openai/gpt-5': [
    [401, openai('You must be a member of an organization to use the API.'), 'auth_error'],
    [403, openai('Country, region, or territory not supported', 'unsupported_country_region_territory'), 'forbidden'],
    [
      400,
      openai('Invalid prompt: your prompt was flagged as potentially violating our usage policy.', 'invalid_prompt'),
      'content_policy_violation',
    ],
    [
      400,
      openai('Your request was rejected by the safety system.', 'moderation_blocked', 'image_generation_user_error'),
      'content_policy_violation',
    ],
    [400, openai('Billing hard limit has been reached', 'billing_hard_limit_reached'), 'rate_limited', { status: 429 }],
    [
      404,
      openai('The model `gpt-9` does not exist or you do not have access to it.', 'model_not_found'),
      'model_not_found',
    ],
    [409, openai('The resource was updated by another request.'), 'conflict'],
    [413, openai('Request entity too large'), 'invalid_request', { status: 413 }],
    [422, openai('Unprocessable'), 'invalid_request', { status: 400 }],
    [
      429,
      openai(
        'Rate limit reached for gpt-5 in organization org-x on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000. Please try again in 6s.',
        'rate_limit_exceeded',
        'tokens',
      ),
      'rate_limited',
      { retryAfterMs: 6_000 },
    ],
    [
      429,
      openai(
        'Rate limit reached on requests per day (RPD). Please try again in 7m12.5s.',
        'rate_limit_exceeded',
        'requests',
      ),
      'rate_limited',
      { retryAfterMs: 432_500 },
    ],
    [
      429,
      openai('Rate limit reached. Please try again in 859ms.', 'rate_limit_exceeded', 'tokens'),
      'rate_limited',
      { retryAfterMs: 859 },
    ],
    [429, openai('You exceeded your current quota.', 'insufficient_quota', 'insufficient_quota'), 'rate_limited'],
    [
      500,
      openai('The server had an error while processing your request. Sorry about that!', null, 'server_error'),
      'upstream_failed',
      { status: 500 },
    ],
    [
      503,
      openai('The engine is currently overloaded, please try again later', null, 'server_error'),
      'upstream_failed',
      { status: 503 },
    ],
    [503, openai('Slow down', 'slow_down', 'service_unavailable_error'), 'upstream_failed', { status: 503 }],
    [
      200,
      openai('Our servers are currently overloaded.', 'server_is_overloaded', 'service_unavailable_error'),
      'upstream_failed',
    ],
    [502, html, 'upstream_failed', { says: /answered 502 without an explanation/ }],
    [504, 'upstream request timeout', 'timeout', { status: 504 }],
    [500, '', 'upstream_failed', { says: /answered 500/ }],
    [400, '[]', 'invalid_request'],
    [400, 'null', 'invalid_request'],
  ],
  'azure/gpt-4o': [
    [
      429,
      {
        error: {
          code: '429',
          message:
            'Requests to the ChatCompletions_Create Operation have exceeded the call rate limit of your current tier. Please retry after 12 seconds.',
        },
      },
      'rate_limited',
      { retryAfterMs: 12_000 },
    ],
    [
      429,
      {
        error: {
          code: 'NoCapacity',
          message: 'The service is temporarily unable to process your request. Please try again later.',
        },
      },
      'rate_limited',
    ],
    [
      404,
      { error: { code: 'DeploymentNotFound', message: 'The API deployment for this resource does not exist.' } },
      'model_not_found',
    ],
    [404, { error: { code: '404', message: 'Resource not found' } }, 'not_found'],
    [
      403,
      {
        error: {
          code: 'AuthenticationTypeDisabled',
          message: 'Key based authentication is disabled for this resource.',
        },
      },
      'forbidden',
    ],
    [
      401,
      { error: { code: 'PermissionDenied', message: 'The principal lacks the required data action.' } },
      'auth_error',
    ],
    [408, { error: { code: 'Timeout', message: 'The operation was timeout.' } }, 'timeout'],
    [
      400,
      {
        error: {
          code: 'OperationNotSupported',
          message: 'The chatCompletion operation does not work with the specified model, o1-pro.',
        },
      },
      'invalid_request',
    ],
    [
      400,
      {
        error: {
          code: 'content_filter',
          message: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
          innererror: { code: 'ResponsibleAIPolicyViolation' },
        },
      },
      'content_policy_violation',
    ],
  ],
  'anthropic/claude-sonnet-4-5': [
    [
      400,
      anthropic('invalid_request_error', 'input length and `max_tokens` exceed context limit: 199000 + 8192 > 200000'),
      'context_window_exceeded',
    ],
    [413, anthropic('request_too_large', 'Request exceeds the maximum size'), 'invalid_request', { status: 413 }],
    [404, anthropic('not_found_error', 'model: claude-9'), 'model_not_found'],
    [
      403,
      anthropic('permission_error', 'Your API key does not have permission to use the specified resource.'),
      'forbidden',
    ],
    [
      429,
      anthropic('rate_limit_error', 'Number of request tokens has exceeded your per-minute rate limit'),
      'rate_limited',
    ],
    [529, anthropic('overloaded_error', 'Overloaded'), 'upstream_failed', { status: 529 }],
    [503, 'no healthy upstream', 'upstream_failed', { says: /no healthy upstream/ }],
    [200, anthropic('timeout_error', 'Request timed out'), 'timeout'],
    [520, html, 'upstream_failed'],
  ],
  'gemini/gemini-2.5-flash': [
    [400, google(400, 'FAILED_PRECONDITION', 'User location is not supported for the API use.'), 'invalid_request'],
    [
      400,
      google(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.'),
      'auth_error',
      { status: 401 },
    ],
    [
      403,
      google(403, 'PERMISSION_DENIED', 'Your API key was reported as leaked. Please use another API key.'),
      'forbidden',
    ],
    [404, google(404, 'NOT_FOUND', 'models/gemini-9 is not found for API version v1beta'), 'model_not_found'],
    [
      429,
      google(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota.', RETRY),
      'rate_limited',
      { retryAfterMs: 21_500 },
    ],
    [
      429,
      google(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota. Please retry in 34.07s.'),
      'rate_limited',
      { retryAfterMs: 34_070 },
    ],
    [499, google(499, 'CANCELLED', 'The operation was cancelled.'), 'upstream_failed', { status: 502 }],
    [500, google(500, 'INTERNAL', 'An internal error has occurred.'), 'upstream_failed', { status: 500 }],
    [
      503,
      google(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'),
      'upstream_failed',
      { status: 503 },
    ],
    [
      504,
      google(504, 'DEADLINE_EXCEEDED', 'The service was unable to finish within the deadline.'),
      'timeout',
      { status: 504 },
    ],
    [200, google(429, 'RESOURCE_EXHAUSTED', 'Resource has been exhausted.'), 'rate_limited'],
  ],
  'vertex_ai/gemini-2.5-flash': [
    [
      400,
      [
        google(
          400,
          'INVALID_ARGUMENT',
          'The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).',
        ),
      ],
      'context_window_exceeded',
    ],
    [401, google(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.'), 'auth_error'],
    [
      403,
      google(403, 'PERMISSION_DENIED', "Permission 'aiplatform.endpoints.predict' denied on resource"),
      'forbidden',
    ],
    [429, [google(429, 'RESOURCE_EXHAUSTED', 'Resource exhausted. Please try again later.')], 'rate_limited'],
  ],
  'vertex_ai/claude-sonnet-4-5': [
    [
      429,
      {
        error: {
          code: 429,
          message: 'Quota exceeded for aiplatform.googleapis.com/online_prediction_requests',
          status: 'RESOURCE_EXHAUSTED',
        },
      },
      'rate_limited',
    ],
    [
      404,
      [{ error: { code: 404, message: 'Publisher Model `claude-9` was not found', status: 'NOT_FOUND' } }],
      'model_not_found',
    ],
    [
      400,
      anthropic('invalid_request_error', 'prompt is too long: 200001 tokens > 200000 maximum'),
      'context_window_exceeded',
    ],
    [529, anthropic('overloaded_error', 'Overloaded'), 'upstream_failed'],
  ],
  'bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0': [
    [
      400,
      { __type: 'com.amazon.coral.availability#ThrottlingException', message: 'Rate exceeded' },
      'rate_limited',
      { status: 429 },
    ],
    [
      403,
      { __type: 'ExpiredTokenException', message: 'The security token included in the request is expired' },
      'auth_error',
      { status: 401 },
    ],
    [403, { message: 'User: arn:aws:iam::1:user/x is not authorized to perform: bedrock:InvokeModel' }, 'forbidden'],
    [404, { __type: 'UnknownOperationException', message: 'Unknown operation' }, 'not_found'],
    [408, { __type: 'ModelTimeoutException', message: 'Model has timed out' }, 'timeout'],
    [413, { message: 'Input is too large' }, 'invalid_request', { status: 413 }],
    [424, { __type: 'ModelErrorException', message: 'The model failed', originalStatusCode: 500 }, 'upstream_failed'],
    [
      503,
      { __type: 'ServiceUnavailableException', message: 'Bedrock is unable to process your request.' },
      'upstream_failed',
      { status: 503 },
    ],
    [200, { Message: 'Bearer Token has expired' }, 'auth_error'],
    [502, html, 'upstream_failed'],
  ],
  'ollama/qwen3': [
    [400, { error: '"smollm" does not support thinking' }, 'invalid_request'],
    [404, { error: "model 'x' not found" }, 'model_not_found'],
    [429, { error: 'you have reached your hourly usage limit' }, 'rate_limited'],
    [500, { error: 'model requires more system memory (8.0 GiB) than is available (4.0 GiB)' }, 'upstream_failed'],
    [502, { error: 'upstream error' }, 'upstream_failed'],
  ],
  'hosted_vllm/qwen3': [
    [
      400,
      {
        object: 'error',
        message: "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens.",
        type: 'BadRequestError',
        param: null,
        code: 400,
      },
      'context_window_exceeded',
    ],
    [
      404,
      { error: { message: 'The model `x` does not exist.', type: 'NotFoundError', param: 'model', code: 404 } },
      'model_not_found',
    ],
    [401, { error: 'Unauthorized' }, 'auth_error'],
    [
      422,
      { detail: [{ loc: ['body', 'messages'], msg: 'Field required', type: 'missing' }] },
      'invalid_request',
      { says: /body\.messages: Field required/ },
    ],
  ],
  'huggingface/tgi': [
    [424, { error: 'Request failed during generation: Server error', error_type: 'generation' }, 'upstream_failed'],
    [429, { error: 'Model is overloaded', error_type: 'overloaded' }, 'rate_limited'],
    [
      200,
      {
        error: {
          message: 'Input validation error: `inputs` must have less than 4096 tokens. Given: 5000',
          http_status_code: 422,
        },
      },
      'context_window_exceeded',
    ],
    [
      200,
      { error: { message: 'Input validation error: `temperature` must be strictly positive', http_status_code: 422 } },
      'invalid_request',
    ],
    [503, { error: 'Model x is currently loading', estimated_time: 20.5 }, 'upstream_failed'],
  ],
  'groq/llama-3.3-70b-versatile': [
    [
      429,
      openai(
        'Rate limit reached for model `x` on tokens per day (TPD): Limit 100000. Please try again in 1h2m3s.',
        'rate_limit_exceeded',
        'tokens',
      ),
      'rate_limited',
      { retryAfterMs: 3_723_000 },
    ],
    [400, openai('Failed to validate JSON.', 'json_validate_failed'), 'invalid_request'],
    [424, openai('Failed dependency'), 'upstream_failed'],
    [498, openai('Flex tier capacity exceeded', 'capacity_exceeded'), 'upstream_failed', { status: 503 }],
  ],
  'openrouter/openai/gpt-5': [
    [401, { error: { code: 401, message: 'No auth credentials found' } }, 'auth_error'],
    [
      402,
      { error: { code: 402, message: 'Insufficient credits. Add more using https://openrouter.ai/credits' } },
      'rate_limited',
      { status: 429 },
    ],
    [
      403,
      {
        error: {
          code: 403,
          message: 'openai/gpt-5 requires moderation on OpenAI. Your input was flagged for "violence".',
          metadata: { reasons: ['violence'], flagged_input: 'x' },
        },
      },
      'content_policy_violation',
    ],
    [408, { error: { code: 408, message: 'Your request timed out' } }, 'timeout'],
    [
      429,
      {
        error: {
          code: 429,
          message: 'Rate limit exceeded: free-models-per-min.',
          metadata: { headers: { 'X-RateLimit-Limit': '20' } },
        },
      },
      'rate_limited',
    ],
    [
      502,
      {
        error: {
          code: 502,
          message: 'Provider returned error',
          metadata: { raw: '{"error":{"message":"boom"}}', provider_name: 'X' },
        },
      },
      'upstream_failed',
      { says: /Provider returned error.*boom/s },
    ],
    [200, { error: { code: 503, message: 'No instances available' } }, 'upstream_failed', { status: 503 }],
  ],
  'mistral/mistral-large-latest': [
    [401, { message: 'Unauthorized', request_id: 'x' }, 'auth_error'],
    [
      422,
      { detail: [{ type: 'missing', loc: ['body', 'model'], msg: 'Field required' }] },
      'invalid_request',
      { says: /body\.model/ },
    ],
    [429, { message: 'Requests rate limit exceeded' }, 'rate_limited'],
    [
      400,
      { object: 'error', message: 'Invalid model: x', type: 'invalid_model', param: null, code: '1500' },
      'model_not_found',
    ],
  ],
  'deepseek/deepseek-chat': [
    [402, openai('Insufficient Balance', 'invalid_request_error', 'unknown_error'), 'rate_limited', { status: 429 }],
    [
      401,
      openai('Authentication Fails, Your api key: ****x is invalid', 'invalid_request_error', 'authentication_error'),
      'auth_error',
    ],
    [
      503,
      openai('Service is too busy. We advise users to temporarily switch to alternative LLM API service providers.'),
      'upstream_failed',
      { status: 503 },
    ],
  ],
  'xai/grok-4': [
    [
      400,
      {
        code: 'Client specified an invalid argument',
        error: 'Incorrect API key provided: xa***bc. You can obtain an API key from https://console.x.ai.',
      },
      'auth_error',
      { status: 401 },
    ],
    [
      404,
      {
        code: 'Some requested entity was not found',
        error: 'The model grok-9 does not exist or your team does not have access to it.',
      },
      'model_not_found',
    ],
    [
      403,
      {
        code: 'The caller does not have permission to execute the specified operation',
        error: 'Content violates usage guidelines.',
      },
      'content_policy_violation',
    ],
    [
      400,
      {
        code: 'Client specified an invalid argument',
        error: "This model's maximum prompt length is 131072 but the request contains 200000 tokens.",
      },
      'context_window_exceeded',
    ],
  ],
  'together_ai/Qwen/Qwen3': [
    [403, openai('Requested token count exceeds the model maximum context length'), 'context_window_exceeded'],
    [
      422,
      openai('Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097.'),
      'context_window_exceeded',
    ],
    [503, openai('The server is overloaded or not ready yet.', null, 'service_unavailable'), 'upstream_failed'],
    [524, html, 'timeout'],
  ],
  'fireworks_ai/deepseek-v3': [
    [404, openai('Model not found, inaccessible, and/or not deployed', 'NOT_FOUND', 'not_found'), 'model_not_found'],
    [412, openai('Account suspended'), 'forbidden'],
  ],
  'cerebras/gpt-oss-120b': [
    [
      404,
      {
        message: 'Model x does not exist or you do not have access to it.',
        type: 'not_found_error',
        param: 'model',
        code: 'model_not_found',
      },
      'model_not_found',
    ],
    [
      429,
      {
        message: 'Tokens per minute limit exceeded - too many tokens processed.',
        type: 'too_many_tokens_error',
        param: 'quota',
        code: 'token_quota_exceeded',
      },
      'rate_limited',
    ],
    [
      400,
      {
        message: 'Please reduce the length of the messages or completion. Current length is 9000 while limit is 8192',
        type: 'invalid_request_error',
        code: 'context_length_exceeded',
      },
      'context_window_exceeded',
    ],
  ],
  'perplexity/sonar-pro': [[401, html, 'auth_error', { says: /answered 401 without/ }]],
  'cohere/command-a-03-2025': [
    [401, { id: 'x', message: 'invalid api token' }, 'auth_error'],
    [402, { message: 'Please add or update your payment method' }, 'rate_limited', { status: 429 }],
    [404, { message: "model 'x' not found, make sure the correct model ID was used" }, 'model_not_found'],
    [429, { message: 'You are using a Trial key, which is limited to 10 API calls / minute.' }, 'rate_limited'],
    [498, { message: 'The request was blocked: it contains a deny-listed token.' }, 'content_policy_violation'],
    [
      400,
      { message: 'too many tokens: total number of tokens in the prompt cannot exceed 128000 - received 130000.' },
      'context_window_exceeded',
    ],
  ],
}
