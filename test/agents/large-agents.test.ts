import { makeCertificate } from "../network/tls-files.js";
import { type Agent, KEY, testAgent, toProfile } from "./drive-agent.js";
import { installAgents } from "./install-agents.js";
import { TLS_ADDRESS } from "./model-server.js";

// Agents that are too large for the run without arguments.

const agents = installAgents("large-programs");
const isRoot = process.getuid?.() === 0;

const AGENTS: readonly Agent[] = [
  {
    name: "claude",
    command: ["claude", "-p", "do it"],
    env: (model) => ({
      ANTHROPIC_API_KEY: KEY,
      ANTHROPIC_BASE_URL: `${model.url}`,
    }),
    header: "x-api-key",
    files: (model) => ({
      "../.config/sandbox/claude.yaml": toProfile("claude", model, { key: "ANTHROPIC_API_KEY" }),
    }),
  },
  {
    name: "codex",
    command: ["codex", "exec", "--skip-git-repo-check", "do it"],
    env: () => ({ MODEL_API_KEY: KEY }),
    header: "authorization",
    files: (model) => ({
      "../.config/sandbox/codex.yaml": toProfile("codex", model, { key: "MODEL_API_KEY" }),
      "../.codex/config.toml": `model = "m"
model_provider = "test"
[model_providers.test]
name = "test"
base_url = "${model.url}/v1"
env_key = "MODEL_API_KEY"
wire_api = "responses"
`,
      // Codex itself refuses \`rm -rf\` where nobody can be asked: a rule of the user's lets it.
      "../.codex/rules/default.rules": 'prefix_rule(pattern=["rm"], decision="allow")\n',
      "../.codex/skills/mine/SKILL.md": "---\nname: mine\ndescription: mine\n---\nBe brief.\n",
    }),
  },
  {
    name: "qwen",
    command: ["qwen", "-p", "do it"],
    losesOutput: true,
    env: (model) => ({
      OPENAI_API_KEY: KEY,
      OPENAI_BASE_URL: `${model.url}/v1`,
      OPENAI_MODEL: "m",
    }),
    header: "authorization",
    files: (model) => ({
      "../.config/sandbox/qwen.yaml": toProfile("qwen", model, { key: "OPENAI_API_KEY" }),
    }),
  },
  {
    name: "pi",
    command: ["pi", "--provider", "test", "--model", "m", "-p", "do it"],
    env: () => ({ MODEL_API_KEY: KEY }),
    header: "authorization",
    files: (model) => ({
      "../.config/sandbox/pi.yaml": toProfile("pi", model, { key: "MODEL_API_KEY" }),
      "../.pi/agent/models.json": JSON.stringify({
        providers: {
          test: {
            baseUrl: `${model.url}/v1`,
            api: "openai-completions",
            apiKey: "MODEL_API_KEY",
            models: [{ id: "m" }],
          },
        },
      }),
    }),
  },
];

const address = { tls: makeCertificate([TLS_ADDRESS]) };
for (const agent of AGENTS)
  testAgent(agent, {
    agents,
    address,
    // Claude Code refuses to be root.
    kinds: isRoot && agent.name === "claude" ? ["root", "plain user"] : ["plain user"],
  });
