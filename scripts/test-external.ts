// npm run test:external: what programs that are not from npm say of the gateway. Those that are not installed are skipped.
import { checkArticle } from './external/article.ts'
import { checkPromtool } from './external/promtool.ts'

const promtool = checkPromtool()
console.log(promtool.line)
const failed = Number(promtool.failed) + (await checkArticle())
process.exitCode = failed > 0 ? 1 : 0
