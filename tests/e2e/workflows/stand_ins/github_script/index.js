// `github.rest.<area>.<method>(parameters)` is noted in github_script.jsonl and answered from
// github.json: {"issues.listComments": [page, page, ...]}; a method without an answer throws 404,
// as GitHub does. `github.paginate` walks all pages, a plain call sees the first.
const fs = require('fs')
const path = require('path')

const store = process.env.STAND_IN_STORE
const file = path.join(store, 'github.json')
const answers = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : {}

function note(name, parameters) {
  const line = JSON.stringify({ name, parameters: parameters ?? {} })
  fs.appendFileSync(path.join(store, 'github_script.jsonl'), line + '\n')
}

function pages(name) {
  if (name in answers) return answers[name]
  throw Object.assign(new Error(`Not Found: ${name}`), { status: 404 })
}

function client(name) {
  const call = async (parameters) => {
    note(name, parameters)
    const known = pages(name)
    return { status: 200, data: known[(parameters?.page ?? 1) - 1] ?? [] }
  }
  return Object.assign(call, { endpoint: name })
}

const areas = new Proxy({}, {
  get: (_, area) => new Proxy({}, { get: (__, method) => client(`${area}.${String(method)}`) }),
})

const github = {
  rest: areas,
  paginate: async (method, parameters, map) => {
    note(method.endpoint, { ...parameters, paginated: true })
    return pages(method.endpoint).flatMap((data) => (map ? map({ data }) : data))
  },
}

const event = JSON.parse(fs.readFileSync(process.env.GITHUB_EVENT_PATH, 'utf8'))
const [owner, repo] = process.env.GITHUB_REPOSITORY.split('/')
const context = {
  payload: event,
  eventName: process.env.GITHUB_EVENT_NAME,
  sha: process.env.GITHUB_SHA,
  ref: process.env.GITHUB_REF,
  runId: Number(process.env.GITHUB_RUN_ID),
  repo: { owner, repo },
  issue: { owner, repo, number: (event.issue ?? event.pull_request ?? event).number },
}

function append(variable, name, value) {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  fs.appendFileSync(process.env[variable], `${name}<<END-OF-VALUE\n${text}\nEND-OF-VALUE\n`)
}

const core = {
  getInput: (name) => process.env[`INPUT_${name.toUpperCase()}`] ?? '',
  setOutput: (name, value) => append('GITHUB_OUTPUT', name, value),
  exportVariable: (name, value) => append('GITHUB_ENV', name, value),
  debug: () => {},
  info: (text) => console.log(text),
  notice: (text) => console.log(`::notice::${text}`),
  warning: (text) => console.log(`::warning::${text}`),
  error: (text) => console.log(`::error::${text}`),
  setFailed: (text) => {
    console.log(`::error::${text}`)
    process.exitCode = 1
  },
}

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor
const script = new AsyncFunction(
  'require', 'github', 'context', 'core', 'process', process.env.INPUT_SCRIPT)
const local = (name) =>
  require(name.startsWith('.') ? path.join(process.env.GITHUB_WORKSPACE, name) : name)
script(local, github, context, core, process)
  .then((result) => {
    if (result !== undefined) core.setOutput('result', result)
  })
  .catch((error) => core.setFailed(`Unhandled error: ${error}`))
