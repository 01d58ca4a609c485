import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

// A model for tests, on the host's loopback: speaks what Gemini CLI asks of its API and what opencode asks of one like OpenAI's, and says the turns of its
// first argument (JSON) one after the other: by how many results of tools a conversation has. On stdout: its port, then a line for each request.

/** What the model wants done next. */
type Turn =
  | { readonly write: string; readonly text: string }
  | { readonly run: string }
  | { readonly say: string };

interface Call {
  readonly name: string;
  readonly args: Readonly<Record<string, string>>;
}

const turns = JSON.parse(process.argv[2] ?? "[]") as readonly Turn[];

function turnAfter(results: number): Turn {
  return turns[results] ?? { say: "done" };
}

/** The names the agents have for their tools. */
function toCall(turn: Turn, api: "gemini" | "openai"): Call | undefined {
  if ("say" in turn) return undefined;
  if (api === "gemini")
    return "run" in turn
      ? { name: "run_shell_command", args: { command: turn.run } }
      : { name: "write_file", args: { file_path: turn.write, content: turn.text } };
  return "run" in turn
    ? { name: "bash", args: { command: turn.run, description: "what was asked" } }
    : { name: "write", args: { filePath: turn.write, content: turn.text } };
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks).toString("utf8");
    const { url = "", headers } = request;
    process.stdout.write(`${JSON.stringify({ url, headers, body })}\n`);
    answer(request, response, body);
  });
});

function answer({ url = "" }: IncomingMessage, response: ServerResponse, body: string): void {
  const events = url.includes("streamGenerateContent")
    ? answerGemini(body)
    : url.endsWith("/chat/completions")
      ? answerChat(body)
      : undefined;
  if (events === undefined) {
    response.writeHead(404).end("{}");
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.end(events.map((event) => `data: ${event}\n\n`).join(""));
}

// biome-ignore lint/suspicious/noExplicitAny: what an agent sends is looked into, not checked
type Asked = any;

/** https://ai.google.dev/api/generate-content, with `alt=sse`. */
function answerGemini(body: string): readonly string[] {
  const asked: Asked = JSON.parse(body);
  const parts: Asked[] = (asked.contents ?? []).flatMap((content: Asked) => content.parts);
  const turn = turnAfter(parts.filter((part) => part.functionResponse !== undefined).length);
  const call = toCall(turn, "gemini");
  const said =
    call === undefined ? { text: "say" in turn ? turn.say : "" } : { functionCall: call };
  return [
    JSON.stringify({
      candidates: [{ content: { role: "model", parts: [said] }, finishReason: "STOP", index: 0 }],
      usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
    }),
  ];
}

/** https://platform.openai.com/docs/api-reference/chat-streaming. A request without tools is for a title. */
function answerChat(body: string): readonly string[] {
  const asked: Asked = JSON.parse(body);
  const messages: Asked[] = asked.messages ?? [];
  const results = messages.filter((message) => message.role === "tool").length;
  const turn = asked.tools === undefined ? { say: "a title" } : turnAfter(results);
  const call = toCall(turn, "openai");
  const delta =
    call === undefined
      ? { role: "assistant", content: "say" in turn ? turn.say : "" }
      : {
          role: "assistant",
          tool_calls: [{ index: 0, id: `call_${results}`, ...toFunction(call) }],
        };
  const base = { id: "c", object: "chat.completion.chunk", created: 1, model: "m" };
  const finish = call === undefined ? "stop" : "tool_calls";
  const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
  return [
    JSON.stringify({ ...base, choices: [{ index: 0, delta, finish_reason: null }] }),
    JSON.stringify({ ...base, choices: [{ index: 0, delta: {}, finish_reason: finish }], usage }),
    "[DONE]",
  ];
}

function toFunction({ name, args }: Call): object {
  return { type: "function", function: { name, arguments: JSON.stringify(args) } };
}

server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.stdout.write(`${typeof address === "object" && address !== null ? address.port : 0}\n`);
});
