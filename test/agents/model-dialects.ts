import type { ModelTurn } from "./model-server.js";

// What agents ask of a model and how it answers, in the interfaces of four makers. Each answer is a stream of server-sent events.

/** One event; those of two makers have a name too. */
export interface ModelEvent {
  readonly event?: string;
  readonly data: string;
}

// biome-ignore lint/suspicious/noExplicitAny: what an agent sends is looked into, not checked
type Asked = any;

/** Answers a request with the turn that is due: by how many results of tools the conversation has. Undefined: not a model's address. */
export function answerModel(
  turns: readonly ModelTurn[],
  { url, body }: { readonly url: string; readonly body: string },
): readonly ModelEvent[] | undefined {
  const { pathname, search } = new URL(url, "http://localhost");
  const dialect = DIALECTS.find(({ matches }) => matches(pathname + search));
  if (dialect === undefined) return undefined;
  const asked: Asked = JSON.parse(body);
  const tools = dialect.tools(asked);
  const results = dialect.results(asked);
  // A request without tools is for a title.
  const turn: ModelTurn =
    tools.length === 0 ? { say: "a title" } : (turns[results] ?? { say: "done" });
  return dialect.answer("say" in turn ? turn.say : toCall(turn, tools), results);
}

interface Tool {
  readonly name: string;
  readonly properties: readonly string[];
}

interface Call {
  readonly name: string;
  readonly args: Readonly<Record<string, string | number | boolean>>;
}

interface Dialect {
  matches(url: string): boolean;
  tools(asked: Asked): readonly Tool[];
  /** How many results of tools it has. */
  results(asked: Asked): number;
  answer(said: string | Call, id: number): readonly ModelEvent[];
}

const WRITES = ["write_file", "write", "Write"];
const RUNS = ["run_shell_command", "bash", "Bash", "exec_command"];

/** The names that an agent has for its tools and for their arguments, as it told the model. */
function toCall(turn: Exclude<ModelTurn, { say: string }>, tools: readonly Tool[]): Call {
  const writer = tools.find(({ name }) => WRITES.includes(name));
  if ("write" in turn && writer !== undefined)
    return toArguments(writer, {
      ...{ file_path: turn.write, filePath: turn.write, path: turn.write },
      content: turn.text,
    });
  const runner = tools.find(({ name }) => RUNS.includes(name));
  if (runner === undefined) throw new Error(`no tool to run with: ${JSON.stringify(tools)}`);
  const command = "run" in turn ? turn.run : toPatch(turn);
  return toArguments(runner, {
    ...{ command, cmd: command, description: "what was asked" },
    ...{ is_background: false, yield_time_ms: 30_000 },
  });
}

function toArguments({ name, properties }: Tool, all: Call["args"]): Call {
  return {
    name,
    args: Object.fromEntries(Object.entries(all).filter(([key]) => properties.includes(key))),
  };
}

/** Codex writes files so, and takes it out of the command itself. */
function toPatch({ write, text }: { readonly write: string; readonly text: string }): string {
  const lines = text.split("\n").slice(0, -1);
  const added = lines.map((line) => `+${line}\n`).join("");
  return `apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: ${write}\n${added}*** End Patch\nEOF\n`;
}

function toTool(name: string, schema: Asked): Tool {
  return { name, properties: Object.keys(schema?.properties ?? {}) };
}

/** https://ai.google.dev/api/generate-content, with `alt=sse`. */
const GEMINI: Dialect = {
  matches: (url) => url.includes("streamGenerateContent"),
  tools: ({ tools = [] }) =>
    tools
      .flatMap((one: Asked) => one.functionDeclarations ?? [])
      .map((one: Asked) => toTool(one.name, one.parametersJsonSchema ?? one.parameters)),
  results: ({ contents = [] }) =>
    contents
      .flatMap((content: Asked) => content.parts)
      .filter((part: Asked) => part.functionResponse !== undefined).length,
  answer: (said) => {
    const part = typeof said === "string" ? { text: said } : { functionCall: said };
    const content = { role: "model", parts: [part] };
    return [
      toEvent({
        candidates: [{ content, finishReason: "STOP", index: 0 }],
        usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
      }),
    ];
  },
};

/** https://platform.openai.com/docs/api-reference/chat-streaming. */
const CHAT: Dialect = {
  matches: (url) => url.endsWith("/chat/completions"),
  tools: ({ tools = [] }) =>
    tools.map((one: Asked) => toTool(one.function.name, one.function.parameters)),
  results: ({ messages = [] }) => messages.filter((one: Asked) => one.role === "tool").length,
  answer: (said, id) => {
    const base = { id: "c", object: "chat.completion.chunk", created: 1, model: "m" };
    const delta =
      typeof said === "string"
        ? { role: "assistant", content: said }
        : { role: "assistant", tool_calls: [{ index: 0, id: `call_${id}`, ...toFunction(said) }] };
    const end = typeof said === "string" ? "stop" : "tool_calls";
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    return [
      toEvent({ ...base, choices: [{ index: 0, delta, finish_reason: null }] }),
      toEvent({ ...base, choices: [{ index: 0, delta: {}, finish_reason: end }], usage }),
      { data: "[DONE]" },
    ];
  },
};

function toFunction({ name, args }: Call): object {
  return { type: "function", function: { name, arguments: JSON.stringify(args) } };
}

/** https://docs.claude.com/en/docs/build-with-claude/streaming. */
const MESSAGES: Dialect = {
  matches: (url) => /\/v1\/messages(?:\?|$)/.test(url),
  tools: ({ tools = [] }) => tools.map((one: Asked) => toTool(one.name, one.input_schema)),
  results: ({ messages = [] }) =>
    messages
      .flatMap(({ content }: Asked) => (Array.isArray(content) ? content : []))
      .filter((block: Asked) => block.type === "tool_result").length,
  answer: (said, id) => {
    const isText = typeof said === "string";
    const block = isText
      ? { type: "text", text: "" }
      : { type: "tool_use", id: `toolu_${id}`, name: said.name, input: {} };
    const delta = isText
      ? { type: "text_delta", text: said }
      : { type: "input_json_delta", partial_json: JSON.stringify(said.args) };
    const usage = { input_tokens: 1, output_tokens: 1 };
    const message = { id: `msg_${id}`, type: "message", role: "assistant", model: "m" };
    return [
      toNamed({ type: "message_start", message: { ...message, content: [], usage } }),
      toNamed({ type: "content_block_start", index: 0, content_block: block }),
      toNamed({ type: "content_block_delta", index: 0, delta }),
      toNamed({ type: "content_block_stop", index: 0 }),
      toNamed({
        type: "message_delta",
        delta: { stop_reason: isText ? "end_turn" : "tool_use", stop_sequence: null },
        usage,
      }),
      toNamed({ type: "message_stop" }),
    ];
  },
};

/** https://platform.openai.com/docs/api-reference/responses-streaming. */
const RESPONSES: Dialect = {
  matches: (url) => url.endsWith("/responses"),
  tools: ({ tools = [] }) =>
    tools
      .filter((one: Asked) => one.type === "function")
      .map((one: Asked) => toTool(one.name, one.parameters)),
  results: ({ input = [] }) =>
    input.filter((one: Asked) => one.type === "function_call_output").length,
  answer: (said, id) => {
    const item =
      typeof said === "string"
        ? {
            ...{ type: "message", role: "assistant", id: `msg_${id}` },
            content: [{ type: "output_text", text: said }],
          }
        : {
            ...{ type: "function_call", id: `fc_${id}`, call_id: `call_${id}`, name: said.name },
            arguments: JSON.stringify(said.args),
          };
    const response = { id: `resp_${id}` };
    const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
    return [
      toNamed({ type: "response.created", response }),
      toNamed({ type: "response.output_item.done", output_index: 0, item }),
      toNamed({ type: "response.completed", response: { ...response, output: [item], usage } }),
    ];
  },
};

const DIALECTS: readonly Dialect[] = [GEMINI, CHAT, MESSAGES, RESPONSES];

function toEvent(value: object): ModelEvent {
  return { data: JSON.stringify(value) };
}

function toNamed(value: { readonly type: string } & Readonly<Record<string, unknown>>): ModelEvent {
  return { event: value.type, data: JSON.stringify(value) };
}
