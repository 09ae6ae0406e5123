using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;

namespace Camelid.Protocol.Tests.Jobs;

/// <summary>Jobs and testaments that tests begin from.</summary>
internal static class SampleJobs
{
    internal static PublicKey Key { get; } =
        PublicKey.TryParse("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", out PublicKey key)
            ? key
            : throw new InvalidOperationException("the generator is a key");

    internal static Hash256 HashOf(string text) => Hashes.Sha256(System.Text.Encoding.UTF8.GetBytes(text));

    internal static JobParameters Small() => new()
    {
        ModelRoot = HashOf("model"),
        PromptTokens = [1, 2, 3],
        MaxTokens = 16,
        PriceGrainsPerToken = 100,
        FeeGrains = 1000,
        Created = 1_800_000_000,
        Deadline = 1_800_000_060,
        ClientKey = Key,
        NonceHash = Hashes.Sha256(HashOf("nonce").ToBytes()),
    };

    internal static JobParameters Rich() => Small() with
    {
        PromptTokens = [0, uint.MaxValue, 7, 7],
        Sampling = new SamplingParameters
        {
            TemperatureMillionths = 800_000,
            TopPMillionths = 950_000,
            TopK = 40,
            MinPMillionths = 50_000,
            RepetitionPenaltyMillionths = 1_100_000,
            PresencePenaltyMillionths = -2_000_000,
            FrequencyPenaltyMillionths = 2_000_000,
            LogitBiases = [new LogitBias(5, -100_000_000), new LogitBias(9, 100_000_000)],
            ClientSeed = JobSeed.FromClient(-1),
        },
        StopTokens = [2, 258],
        StopStrings = ["\n\n", "Ende", "€", "🐪"],
        ReturnAddress = "[::1]:65535",
        Verification = VerificationLevel.Sampled,
        SampledPositions = 8,
        NumericsClasses = [.. new[] { HashOf("a"), HashOf("b") }.Order()],
    };

    internal static JobOutput Output(int tokens, FinishReason reason = FinishReason.Stop) => new()
    {
        Tokens = [.. Enumerable.Range(0, tokens).Select(i => (uint)(i * 7))],
        Fingerprints = [.. Enumerable.Range(0, tokens).Select(i => 0xffff_0000u + (uint)i)],
        FinishReason = reason,
    };

    internal static Testament TestamentOf(OutputCommitment commitment, JobOutput output) => new()
    {
        Genesis = HashOf("genesis"),
        JobId = Small().Id,
        OutputRoot = commitment.OutputRoot,
        CiphertextRoot = commitment.CiphertextRoot,
        ChunkCount = commitment.ChunkCount,
        TokenCount = (uint)output.Tokens.Length,
        FinishReason = output.FinishReason,
        Nonce = HashOf("nonce"),
        NumericsClass = HashOf("class"),
        KeyHash = commitment.KeyHash,
        RewardAddress = Hash160.Of(Key.Span),
        Stake = new StakeId(HashOf("stake"), 1),
        SlashGrains = 5_000_000,
        Expiry = 1_800_100_000,
    };
}
