import { isBrief } from "../support/is-brief.js";
import { type Agent, KEY, testAgent, toProfile } from "./drive-agent.js";
import { installAgents } from "./install-agents.js";

const agents = installAgents("programs");
const isRoot = process.getuid?.() === 0;

const AGENTS: readonly Agent[] = [
  {
    name: "gemini",
    command: ["gemini", "-m", "gemini-2.5-flash", "-p", "do it", "--output-format", "json"],
    env: () => ({ GEMINI_API_KEY: KEY }),
    header: "x-goog-api-key",
    files: (model) => ({
      "../.config/sandbox/gemini.yaml": toProfile("gemini", model, {
        key: "GEMINI_API_KEY",
        set: `GOOGLE_GEMINI_BASE_URL: "${model.url}", GEMINI_CLI_NO_RELAUNCH: "true"`,
      }),
      "../.gemini/settings.json":
        '{"security": {"auth": {"selectedType": "gemini-api-key"}}, "privacy": {"usageStatisticsEnabled": false}}',
    }),
  },
  {
    name: "opencode",
    command: ["opencode", "run", "--format", "json", "do it"],
    env: () => ({ MODEL_API_KEY: KEY }),
    header: "authorization",
    files: (model) => ({
      "../.config/sandbox/opencode.yaml": toProfile("opencode", model, { key: "MODEL_API_KEY" }),
      "../.config/opencode/opencode.json": JSON.stringify({
        model: "test/m",
        provider: {
          test: {
            npm: "@ai-sdk/openai-compatible",
            options: { baseURL: `${model.url}/v1`, apiKey: "{env:MODEL_API_KEY}" },
            models: { m: { name: "m" } },
          },
        },
      }),
    }),
  },
];

for (const agent of AGENTS)
  testAgent(agent, {
    agents,
    address: "http",
    kinds: isRoot && !isBrief && agent.name === "gemini" ? ["root", "plain user"] : ["plain user"],
  });
