// Drives the official client against the node at CAMELID_URL with the key CAMELID_API_KEY. Prints one line per check;
// the first one that fails ends the program with exit code 1.
import assert from "node:assert/strict";
import OpenAI from "openai";

const baseURL = `${process.env.CAMELID_URL}/v1`;
const apiKey = process.env.CAMELID_API_KEY;
const model = process.env.CAMELID_MODEL ?? "camelid-nano";
const client = new OpenAI({ baseURL, apiKey });

async function check(name, body) {
  await body();
  console.log(`ok ${name}`);
}

async function refused(promise, status, param, code) {
  const error = await promise.then(() => assert.fail("was not refused"), (reason) => reason);
  assert.equal(error.status, status, error.message);
  assert.equal(error.param, param);
  assert.equal(error.code, code);
  assert.ok(error.requestID);
}

await check("models are listed", async () => {
  const ids = [];
  for await (const listed of client.models.list()) ids.push(listed.id);
  assert.ok(ids.includes(model));
  assert.equal((await client.models.retrieve(model)).id, model);
});

await check("a completion has text, exact usage and a passed verdict", async () => {
  const { data, response } = await client.completions
    .create({ model, prompt: "Once upon a time", max_tokens: 12, temperature: 0 })
    .withResponse();
  assert.ok(data.choices[0].text.length > 0);
  assert.ok(["stop", "length"].includes(data.choices[0].finish_reason));
  assert.equal(data.usage.total_tokens, data.usage.prompt_tokens + data.usage.completion_tokens);
  assert.equal(data.camelid.verification.verdict, "passed");
  assert.match(data.camelid.payment.txid, /^[0-9a-f]{64}$/);
  assert.equal(response.headers.get("camelid-job"), data.camelid.job_id);
  assert.equal(response.headers.get("x-should-retry"), "false");
});

await check("a seed fixes the answer", async () => {
  const request = { model, prompt: "Once upon a time", max_tokens: 12, temperature: 1, seed: 7 };
  const first = await client.completions.create(request);
  const second = await client.completions.create(request);
  assert.equal(second.choices[0].text, first.choices[0].text);
  assert.notEqual(second.camelid.job_id, first.camelid.job_id);
});

await check("a chat answers", async () => {
  const answer = await client.chat.completions.create({
    model,
    messages: [{ role: "system", content: "You tell stories." }, { role: "user", content: [{ type: "text", text: "Hello" }] }],
    max_completion_tokens: 12,
    logprobs: true,
    top_logprobs: 3,
  });
  assert.equal(answer.object, "chat.completion");
  assert.equal(answer.choices[0].message.role, "assistant");
  assert.equal(answer.choices[0].message.refusal, null);
  for (const token of answer.choices[0].logprobs.content) {
    assert.ok(token.logprob <= 0);
    assert.equal(token.top_logprobs.length, 3);
  }
});

await check("a chat stream has its role first, one finish reason, and usage last", async () => {
  const stream = await client.chat.completions.create({
    model,
    messages: [{ role: "user", content: "Tell me a story about a camel" }],
    max_tokens: 24,
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  assert.equal(chunks[0].choices[0].delta.role, "assistant");
  assert.equal(chunks.filter((chunk) => chunk.choices[0]?.finish_reason).length, 1);
  assert.deepEqual(chunks.at(-1).choices, []);
  assert.ok(chunks.at(-1).usage.completion_tokens > 0);
  assert.equal(chunks.at(-2).camelid.verification.verdict, "passed");
});

await check("a completion stream gives the text of the whole answer", async () => {
  const request = { model, prompt: "Once upon a time", max_tokens: 20, seed: 3 };
  const whole = await client.completions.create(request);
  let text = "";
  for await (const chunk of await client.completions.create({ ...request, stream: true })) {
    text += chunk.choices[0]?.text ?? "";
  }
  assert.equal(text, whole.choices[0].text);
});

await check("several answers and prompts come in order", async () => {
  const answer = await client.completions.create({ model, prompt: ["One", "Two"], n: 2, max_tokens: 4, echo: true });
  assert.deepEqual(answer.choices.map((choice) => choice.index), [0, 1, 2, 3]);
  assert.ok(answer.choices[1].text.startsWith("One"));
  assert.ok(answer.choices[2].text.startsWith("Two"));
});

await check("refusals name the parameter", async () => {
  const messages = [{ role: "user", content: "hi" }];
  await refused(client.completions.create({ model: "nobody", prompt: "a" }), 404, "model", "model_not_found");
  await refused(client.completions.create({ model, prompt: "" }), 400, "prompt", "invalid_value");
  await refused(client.completions.create({ model, prompt: "a", max_tokens: 0 }), 400, "max_tokens", "invalid_value");
  await refused(
    client.completions.create({ model, prompt: "a", max_tokens: 100000 }), 400, "max_tokens", "context_length_exceeded");
  await refused(
    client.chat.completions.create({ model, messages, tools: [{ type: "function", function: { name: "f" } }] }),
    400, "tools", "unsupported_parameter");
  const stranger = new OpenAI({ baseURL, apiKey: "cml-wrong" });
  await refused(stranger.models.list(), 401, null, "invalid_api_key");
});

await check("a retry after a lost answer is the same job", async () => {
  const jobs = [];
  const lossy = new OpenAI({
    baseURL,
    apiKey,
    fetch: async (address, options) => {
      const response = await fetch(address, options);
      jobs.push(response.headers.get("camelid-job"));
      if (jobs.length === 1) throw new TypeError("the connection broke");
      return response;
    },
  });
  const answer = await lossy.completions.create({ model, prompt: "Once more", max_tokens: 8 });
  assert.equal(jobs.length, 2);
  assert.equal(jobs[1], jobs[0]);
  assert.equal(answer.camelid.job_id, jobs[0]);
});

console.log("all checks passed");
