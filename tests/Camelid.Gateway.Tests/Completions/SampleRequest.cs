using System.Text;
using Camelid.Client.Completions;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.Gateway.Completions;
using Camelid.Gateway.Retries;
using Google.Protobuf;

namespace Camelid.Gateway.Tests.Completions;

/// <summary>A prepared request, as the real parser makes it.</summary>
internal static class SampleRequest
{
    public const int ContextTokensMax = 64;

    public static ByteString Hash(byte value) => ByteString.CopyFrom(Enumerable.Repeat(value, 32).ToArray());

    public static PreparedRequest Of(string fields = "", int promptTokens = 4, string echo = "") => new()
    {
        Options = CompletionCall.Parse(
            Encoding.UTF8.GetBytes($"{{\"model\":\"camelid-nano\",\"prompt\":\"a\"{fields}}}"), 32).Options,
        Model = new Model
        {
            Name = "camelid-nano",
            Root = Hash(0xab),
            ContextTokensMax = ContextTokensMax,
            VocabularySize = 100,
            EndTokens = { 99 },
        },
        Prompts = [new PreparedPrompt([.. Enumerable.Range(1, promptTokens).Select(id => (uint)(id % 100))], echo)],
        TokensDefault = 16,
        PromptField = "prompt",
        Identity = new RequestIdentity { Account = "a", BodyHash = "b", IdempotencyKey = null, IsRetry = false },
    };

    public static OpenedJob Job(int choice = 0, string echo = "") =>
        new(Hash(7), new string('7', 64), choice, new PreparedPrompt([1, 2, 3, 4], echo));

    public static ChoiceEnd End { get; } = new()
    {
        FinishReason = "stop",
        OutputTokens = 3,
        Proof = new ProofDocument
        {
            JobId = new string('7', 64),
            ModelRoot = "m",
            NumericsClass = "n",
            Seed = "s",
            OutputRoot = "o",
            Worker = new ProofWorker("k", "s"),
            Verification = new ProofVerification("full", "passed", "v"),
            Payment = new ProofPayment("committed", "t", 70),
            Receipt = "/v1/receipts/7",
        },
    };

    public static TokenText Token(string text, float logprob, int offset = 0) => new()
    {
        Bytes = Encoding.UTF8.GetBytes(text),
        Logprob = logprob,
        TextOffset = offset,
        Top = [new TokenText { Bytes = [0xf0, 0x9f], Logprob = -2 }],
    };
}
