export type Language = 'en' | 'vi'

/** The words of every alert that is not about a budget, in one language; numbers, moments and names come in as text. */
export interface Phrases {
  readonly outage: Readonly<Record<'minor' | 'major' | 'resolved', string>>
  readonly inRegion: string
  readonly deployment: string
  readonly deployments: string
  readonly noneAnyMore: string
  readonly failuresLately: string
  readonly errorsLately: (failures: number, requests: number) => string
  readonly since: string
  readonly coolingDown: string
  readonly because: string
  readonly askedAgain: string
  readonly slow: (longest: string, threshold: string) => string
  readonly hanging: (threshold: string) => string
  readonly model: string
  readonly key: string
  readonly team: string
  readonly requests: string
  readonly slowest: string
  readonly failed: string
  readonly firstCall: string
  readonly unpriced: string
  readonly unpricedRequests: (count: number) => string
  readonly unpricedHint: string
  readonly total: string
  readonly byTeam: string
  readonly byTag: string
  readonly spend: string
  readonly spendReport: string
  readonly monthReport: string
  readonly daily: string
  readonly dailyCounts: (requests: number, failures: number, spend: string) => string
  readonly mostFailed: string
  readonly slowestDeployments: string
  readonly none: string
  readonly fallbacks: string
  readonly answered: (count: number) => string
  readonly dbFailed: string
  readonly waits: (count: number) => string
  readonly lastReason: string
  readonly replaySinks: string
  readonly replaySpend: string
  readonly changed: (what: string) => string
  readonly doneBy: string
  readonly fields: string
  readonly test: string
  readonly testWorks: string
}

const en: Phrases = {
  outage: {
    minor: 'Minor Service Outage',
    major: 'Major Service Outage',
    resolved: 'Service Outage resolved',
  },
  inRegion: 'in a region',
  deployment: 'Deployment',
  deployments: 'Deployments',
  noneAnyMore: 'none any more',
  failuresLately: 'Failures in the last minute',
  errorsLately: (failures, requests) => `Errors in the last minute: ${failures} of ${requests} requests`,
  since: 'Since',
  coolingDown: 'Cooling down',
  because: 'Because',
  askedAgain: 'Asked again from',
  slow: (longest, threshold) => `Responses are slow - ${longest} response time > Alerting threshold: ${threshold}`,
  hanging: (threshold) => `Requests are hanging - ${threshold}+ request time`,
  model: 'Request Model',
  key: 'Key Name',
  team: 'Team',
  requests: 'Requests',
  slowest: 'the slowest',
  failed: 'LLM API calls failed',
  firstCall: 'First call id',
  unpriced: 'Failed tracking cost: no price for',
  unpricedRequests: (count) => `${count === 1 ? '1 request was' : `${count} requests were`} recorded at nothing`,
  unpricedHint:
    'Set input_cost_per_token and output_cost_per_token of this deployment, or POST /reload/model_cost_map.',
  total: 'Total',
  byTeam: 'Team Spend Report:',
  byTag: 'Tag Spend Report:',
  spend: 'Spend',
  spendReport: 'Spend Report for',
  monthReport: 'Monthly Spend Report for',
  daily: "Here are today's key metrics",
  dailyCounts: (requests, failures, spend) => `Requests: ${requests}, failed: ${failures}, spend: ${spend}`,
  mostFailed: 'Top Deployments with Most Failed Requests:',
  slowestDeployments: 'Top Slowest Deployments:',
  none: 'none',
  fallbacks: 'Fallback Statistics',
  answered: (count) => `${count} answered`,
  dbFailed: 'DB read/write call failed',
  waits: (count) => `${count} ${count === 1 ? 'message waits' : 'messages wait'} to be replayed`,
  lastReason: 'Last reason',
  replaySinks: 'Once the sink answers again: POST /callbacks/replay',
  replaySpend: 'Failed tracking spend. Once the cause is gone: npm run spend:replay',
  changed: (what) => what,
  doneBy: 'Action Done by',
  fields: 'Fields',
  test: 'Tollgate test alert',
  testWorks: 'This channel receives alerts.',
}

/** What changes are called in Vietnamese. */
const CHANGES: Readonly<Record<string, string>> = {
  'New Model Added': 'Đã thêm model',
  'New Virtual Key Created': 'Đã tạo virtual key',
  'Virtual Key Updated': 'Đã cập nhật virtual key',
  'Virtual Key Deleted': 'Đã xóa virtual key',
  'New Team Created': 'Đã tạo team',
  'Team Updated': 'Đã cập nhật team',
  'Team Deleted': 'Đã xóa team',
  'New Internal User Created': 'Đã tạo người dùng',
  'Internal User Updated': 'Đã cập nhật người dùng',
  'Internal User Deleted': 'Đã xóa người dùng',
}

const vi: Phrases = {
  outage: {
    minor: 'Sự cố dịch vụ nhẹ',
    major: 'Sự cố dịch vụ nghiêm trọng',
    resolved: 'Sự cố dịch vụ đã được khắc phục',
  },
  inRegion: 'trong một region',
  deployment: 'Deployment',
  deployments: 'Các deployment',
  noneAnyMore: 'không còn',
  failuresLately: 'Số lỗi trong phút vừa qua',
  errorsLately: (failures, requests) => `Lỗi trong phút vừa qua: ${failures} trên ${requests} requests`,
  since: 'Từ lúc',
  coolingDown: 'Đang cooldown',
  because: 'Lý do',
  askedAgain: 'Được gọi lại từ',
  slow: (longest, threshold) => `Phản hồi chậm - mất ${longest} > ngưỡng cảnh báo: ${threshold}`,
  hanging: (threshold) => `Requests bị treo - quá ${threshold}`,
  model: 'Model',
  key: 'Key',
  team: 'Team',
  requests: 'Requests',
  slowest: 'chậm nhất',
  failed: 'Gọi LLM API thất bại',
  firstCall: 'Call id đầu tiên',
  unpriced: 'Không ghi được chi phí: chưa có giá cho',
  unpricedRequests: (count) => `${count} requests được ghi nhận mà không có chi phí`,
  unpricedHint:
    'Đặt input_cost_per_token và output_cost_per_token cho deployment này, hoặc POST /reload/model_cost_map.',
  total: 'Tổng cộng',
  byTeam: 'Chi phí theo team:',
  byTag: 'Chi phí theo tag:',
  spend: 'Chi phí',
  spendReport: 'Báo cáo chi phí',
  monthReport: 'Báo cáo chi phí tháng',
  daily: 'Các chỉ số chính',
  dailyCounts: (requests, failures, spend) => `Requests: ${requests}, lỗi: ${failures}, chi phí: ${spend}`,
  mostFailed: 'Deployments lỗi nhiều nhất:',
  slowestDeployments: 'Deployments chậm nhất:',
  none: 'không có',
  fallbacks: 'Thống kê fallback',
  answered: (count) => `${count} thành công`,
  dbFailed: 'Đọc/ghi database thất bại',
  waits: (count) => `${count} messages đang chờ gửi lại`,
  lastReason: 'Lý do gần nhất',
  replaySinks: 'Khi sink hoạt động trở lại: POST /callbacks/replay',
  replaySpend: 'Chưa ghi được chi phí. Khi đã xử lý nguyên nhân: npm run spend:replay',
  changed: (what) => CHANGES[what] ?? what,
  doneBy: 'Người thực hiện',
  fields: 'Các trường',
  test: 'Cảnh báo thử của Tollgate',
  testWorks: 'Kênh này nhận được cảnh báo.',
}

export const phrases: Readonly<Record<Language, Phrases>> = { en, vi }
