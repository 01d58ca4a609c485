import type { Command } from "commander";
import {
  checkPolicy,
  explainPolicy,
  listUnenforced,
  openPolicy,
  testPolicy,
} from "../../controller/explain-policy.js";
import type { LoadedProfile } from "../../controller/load-profile.js";
import type { Controller } from "../../controller/controller.js";
import { SandboxError } from "../../core/error.js";
import { EXIT_CODES } from "../../core/exit-code.js";
import { type CliCommand, collect } from "../cli-command.js";
import type { CliContext } from "../cli-context.js";
import { renderChapters, renderCommandDecision, renderExamples } from "../render-policy.js";
import { resolveSession } from "../resolve-reference.js";
import { writeJson } from "../to-json.js";

interface PolicyOptions {
  readonly profile?: string;
  readonly session?: string;
  readonly dir?: readonly string[];
  readonly json?: true;
}

/** `sandbox policy check|explain|test`. */
export const policyCommand: CliCommand = { define, act };

function define(command: Command): void {
  command
    .usage("check [options] [-- COMMAND [ARG...]] | explain [options] | test [options]")
    .argument("[what]", "check, explain or test")
    .argument("[command...]", "of check: a command to be judged; it is not run")
    .option("--profile <name|file>", "a built-in one, an agent's (claude, gemini…), or yours")
    .option("--session <session>", "the profile that a session was started with")
    .option("--dir <path>", "workspace (default: the current directory; repeatable)", collect)
    .option("--json", "as JSON on stdout")
    .addHelpText(
      "after",
      "\nExamples:\n  sandbox policy explain --profile strict\n  sandbox policy check --profile permissive-reads -- git log\n",
    );
}

async function act(command: Command, context: CliContext): Promise<number> {
  const [what, ...argv] = command.args;
  const options = command.opts<PolicyOptions>();
  if (what !== "check" && what !== "explain" && what !== "test")
    throw new SandboxError(
      "usage",
      what === undefined
        ? "policy: say what to do: check, explain or test"
        : `policy ${what}: check, explain or test`,
      { hint: "`sandbox policy explain` says what a run here may do" },
    );
  if (what !== "check" && argv.length > 0)
    throw new SandboxError("usage", `policy ${what} takes no command`);
  const controller = await context.openController();
  const loaded = await open(context, controller, options);
  const asked = { context, controller, options, loaded };
  if (what === "explain") return explain(asked);
  if (what === "test") return test(asked);
  return argv.length === 0 ? validate(asked) : check(asked, argv);
}

interface Asked {
  readonly context: CliContext;
  readonly controller: Controller;
  readonly options: PolicyOptions;
  readonly loaded: LoadedProfile;
}

async function open(
  context: CliContext,
  controller: Controller,
  { profile, session: text, dir = [] }: PolicyOptions,
): Promise<LoadedProfile> {
  if (text === undefined) return openPolicy(controller, { profile, dirs: dir });
  if (profile !== undefined)
    throw new SandboxError("usage", "--profile and --session: give one of them");
  const { session } = await resolveSession(context, controller, { text, purpose: "read" });
  return openPolicy(controller, { profile, dirs: dir, session });
}

function validate({ context, options, loaded }: Asked): number {
  const { frozen, profile } = loaded;
  const unenforced = listUnenforced(profile);
  if (options.json === true) writeJson(context.stdout, "policy", { ...toHead(loaded), unenforced });
  else {
    context.stdout.write(`${frozen.name}: valid, ${frozen.digest}\n`);
    for (const line of unenforced) context.stdout.write(`a run is refused: ${line}\n`);
  }
  return 0;
}

function explain({ context, options, loaded }: Asked): number {
  const chapters = explainPolicy(loaded.profile);
  if (options.json === true)
    writeJson(context.stdout, "policy", { ...toHead(loaded), profile: loaded.profile, chapters });
  else context.stdout.write(renderChapters(loaded.frozen, chapters));
  return 0;
}

function test({ context, options, loaded }: Asked): number {
  const examples = testPolicy(loaded.profile);
  if (options.json === true) writeJson(context.stdout, "policy", { ...toHead(loaded), examples });
  else context.stdout.write(renderExamples(examples));
  return examples.some(({ wrong }) => wrong !== undefined) ? EXIT_CODES.usage : 0;
}

async function check(asked: Asked, argv: readonly string[]): Promise<number> {
  const { context, controller, options, loaded } = asked;
  const decision = await checkPolicy(controller, loaded.profile, { argv, dirs: options.dir ?? [] });
  if (options.json === true)
    writeJson(context.stdout, "policy", { ...toHead(loaded), command: argv, ...decision });
  else context.stdout.write(renderCommandDecision(decision));
  return decision.decision === "allow" ? 0 : EXIT_CODES.denied;
}

function toHead({ frozen }: LoadedProfile): { name: string; digest: string } {
  return { name: frozen.name, digest: frozen.digest };
}
