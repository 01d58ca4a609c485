import type { RuleRow } from "./risk-rule.js";

/** Editors and IDEs. */
export const EDITORS: readonly RuleRow[] = [
  {
    level: "high",
    reason: "VS Code runs tasks and obeys settings from it when the folder is opened",
    matches: `
      .vscode/** *.code-workspace .vscode-server/**
    `,
  },
  {
    level: "high",
    reason: "JetBrains IDEs run configurations and obey settings from it",
    matches: `
      .idea/** .fleet/** .run/** *.ipr *.iws
    `,
  },
  {
    level: "high",
    reason: "its commands run when the development container or workspace is made",
    matches: `
      .devcontainer/** .devcontainer.json .gitpod.yml .gitpod.dockerfile .replit devfile.y*ml
      .devfile.y*ml
    `,
  },
  {
    level: "high",
    reason: "the editor runs it when it starts or opens the folder",
    matches: `
      .vimrc _vimrc .gvimrc .exrc .nvimrc .nvim.lua .lvimrc .vim/** .nvim/** nvim/init.lua
      nvim/init.vim after/plugin/** after/ftplugin/** .dir-locals.el .dir-locals-2.el .emacs
      .emacs.d/** .zed/** *.sublime-project .helix/** .kakrc .nanorc
    `,
  },
  {
    level: "medium",
    reason: "editors load vim scripts of these directories by themselves",
    matches: `
      plugin/*.vim plugin/*.lua autoload/*.vim ftplugin/*.vim ftplugin/*.lua
    `,
  },
  {
    level: "medium",
    reason: "the IDE builds and runs what it says",
    matches: `
      .vs/** *.xcodeproj/** *.xcworkspace/** .project .classpath .settings/** nbproject/**
      .editorconfig-checker.json
    `,
  },
];

/** Coding agents, ourselves among them. */
export const AGENTS: readonly RuleRow[] = [
  {
    level: "high",
    reason: "coding agents take it as instructions or settings",
    matches: `
      CLAUDE.md CLAUDE.local.md .claude/** .claude.json AGENTS.md AGENTS.override.md AGENT.md
      .agents/** .agent/** GEMINI.md .gemini/** QWEN.md .qwen/** .codex/** .cursor/**
      .cursorrules .cursorignore .windsurf/** .windsurfrules .codeium/** .aider*
      CONVENTIONS.md .continue/** .continuerc* .cline/** .clinerules .clinerules/** .roo/**
      .roorules* .roomodes .kilocode/** .kiro/** .junie/** .trae/** .augment/**
      .augment-guidelines .goosehints .goose/** .opencode/** opencode.json* .amp/**
      .amazonq/** .crush/** crush.json .crush.json SKILL.md .rules
      .github/copilot-instructions.md .github/instructions/** .github/prompts/**
      .github/chatmodes/** .github/agents/**
    `,
  },
  {
    level: "high",
    reason: "agents start the MCP servers it names",
    matches: `
      .mcp.json mcp.json mcp_config.json .mcp/**
    `,
  },
  {
    level: "high",
    reason: "it sets what this sandbox allows",
    matches: `
      .sandbox.y*ml .sandbox/**
    `,
  },
];

/** Services that watch the repository. */
export const SERVICES: readonly RuleRow[] = [
  {
    level: "high",
    reason: "the CI service runs it with the project's secrets",
    matches: `
      .github/workflows/** .github/actions/** action.y*ml .gitlab-ci.y*ml .gitlab/ci/**
      .gitlab-ci/** Jenkinsfile Jenkinsfile.* *.jenkinsfile .circleci/** .travis.yml
      azure-pipelines*.y*ml .azure-pipelines/** .azuredevops/** bitbucket-pipelines.yml
      .drone.y*ml .drone.star .drone.jsonnet .woodpecker.y*ml .woodpecker/** appveyor.yml
      .appveyor.yml .buildkite/** .forgejo/workflows/** .gitea/workflows/** .cirrus.y*ml
      .cirrus.star .semaphore/** .teamcity/** buildspec*.y*ml cloudbuild*.y*ml .build.yml
      .builds/** .tekton/** .prow.y*ml .ci/** wercker.yml codemagic.y*ml bitrise.yml
      .concourse/** screwdriver.y*ml .zuul.y*ml .zuul.d/**
    `,
  },
  {
    level: "medium",
    reason: "bots of the code host obey it",
    matches: `
      .github/dependabot.y*ml renovate.json* .renovaterc* .github/renovate.json* Dangerfile*
      .mergify.yml .github/CODEOWNERS CODEOWNERS
    `,
  },
  {
    level: "medium",
    reason: "the hosting service builds and runs what it says",
    matches: `
      vercel.json netlify.toml fly.toml render.yaml Procfile* app.json app.yaml
      serverless.y*ml wrangler.toml wrangler.json* skaffold.y*ml Tiltfile firebase.json
      .ebextensions/** .platform/** amplify.yml
    `,
  },
];
