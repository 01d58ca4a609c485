/** A path that says something about a project, below its root. */
export interface Trace {
  readonly path: string;
  /** What it is a sign of, where its name does not say so. */
  readonly what?: string;
  /** What becomes of it: a secret is hidden, what others obey is only readable; a sign only tells. */
  readonly use: "hide" | "readonly" | "sign";
}

/** What was found in a project. */
export interface ProjectTraces {
  /** Of `PROJECT_TRACES`. */
  readonly paths: ReadonlySet<string>;
  /** Plain names of directories at the top: made by tools, and the rest. */
  readonly builds: readonly string[];
  readonly sources: readonly string[];
}

const sign = (what: string, ...paths: readonly string[]): readonly Trace[] =>
  paths.map((path) => ({ path, what, use: "sign" }));
const readonly = (what: string, ...paths: readonly string[]): readonly Trace[] =>
  paths.map((path) => ({ path, what, use: "readonly" }));
const hide = (...paths: readonly string[]): readonly Trace[] =>
  paths.map((path) => ({ path, use: "hide" }));

/** Everything that is looked for: fixed names, so that no name of the project's own gets anywhere. */
export const PROJECT_TRACES: readonly Trace[] = [
  ...sign("git", ".git"),
  ...sign("npm", "package.json", "package-lock.json", "npm-shrinkwrap.json"),
  ...sign("yarn", "yarn.lock"),
  ...sign("pnpm", "pnpm-lock.yaml"),
  ...sign("bun", "bun.lock", "bun.lockb"),
  ...sign("Python", "pyproject.toml", "setup.py", "requirements.txt"),
  ...sign("Python", "poetry.lock", "uv.lock", "Pipfile.lock", "pdm.lock"),
  ...sign("Rust", "Cargo.toml", "Cargo.lock"),
  ...sign("Go", "go.mod", "go.sum"),
  ...sign("Ruby", "Gemfile", "Gemfile.lock"),
  ...sign("PHP", "composer.json", "composer.lock"),
  ...sign("Java", "pom.xml", "build.gradle", "build.gradle.kts"),
  ...sign("make", "Makefile"),
  ...sign("secrets", ".env"),
  ...readonly("git's hooks", ".git/hooks"),
  ...readonly("husky", ".husky"),
  ...readonly("direnv", ".envrc"),
  ...readonly("GitHub Actions", ".github/workflows", ".github/actions"),
  ...readonly("GitLab CI", ".gitlab-ci.yml"),
  ...readonly("CircleCI", ".circleci"),
  ...readonly("Jenkins", "Jenkinsfile"),
  ...readonly("Travis CI", ".travis.yml"),
  ...readonly("Azure Pipelines", "azure-pipelines.yml"),
  ...readonly("Bitbucket Pipelines", "bitbucket-pipelines.yml"),
  ...readonly("Buildkite", ".buildkite"),
  ...readonly("Woodpecker", ".woodpecker", ".woodpecker.yml"),
  ...readonly("Drone", ".drone.yml"),
  ...readonly("CI", ".ci"),
  ...readonly("dev container", ".devcontainer"),
  ...hide(".netrc", ".pypirc", ".pgpass", ".aws", ".ssh", ".gnupg", ".kube"),
  ...hide("id_rsa", "id_ed25519", "id_ecdsa", "kubeconfig", "credentials.json"),
  ...hide("service-account.json", "terraform.tfvars", "terraform.tfstate"),
  ...hide("secrets.yml", "secrets.yaml", "secrets.json", "master.key"),
];

/** Directories that tools make. */
export const BUILD_DIRECTORIES: ReadonlySet<string> = new Set([
  ...["dist", "build", "out", "target", "coverage", "node_modules", "vendor", "venv"],
  ...["__pycache__", "htmlcov", "tmp"],
]);
