using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;

namespace Camelid.Protocol.Tests.Jobs;

/// <summary>Jobs changed in one place: at a limit, over it, or merely different.</summary>
internal static class JobVariants
{
    public static TheoryData<string> Fields =>
    [
        "modelRoot", "promptTokens", "temperature", "topP", "topK", "minP", "repetitionPenalty", "presencePenalty",
        "frequencyPenalty", "logitBiases", "seed", "maxTokens", "stopTokens", "stopStrings", "priceGrainsPerToken",
        "feeGrains", "created", "deadline", "clientKey", "returnAddress", "sampledPositions", "numericsClasses",
        "nonceHash",
    ];

    internal static JobParameters With(JobParameters job, string field) => field switch
    {
        "modelRoot" => job with { ModelRoot = SampleJobs.HashOf("other") },
        "promptTokens" => job with { PromptTokens = [.. job.PromptTokens.Skip(1)] },
        "maxTokens" => job with { MaxTokens = job.MaxTokens + 1 },
        "stopTokens" => job with { StopTokens = [2] },
        "stopStrings" => job with { StopStrings = ["\n"] },
        "priceGrainsPerToken" => job with { PriceGrainsPerToken = job.PriceGrainsPerToken + 1 },
        "feeGrains" => job with { FeeGrains = job.FeeGrains + 1 },
        "created" => job with { Created = job.Created + 1 },
        "deadline" => job with { Deadline = job.Deadline + 1 },
        "clientKey" => job with { ClientKey = OtherKey() },
        "returnAddress" => job with { ReturnAddress = "" },
        "sampledPositions" => job with { SampledPositions = 9 },
        "numericsClasses" => job with { NumericsClasses = [] },
        "nonceHash" => job with { NonceHash = SampleJobs.HashOf("other") },
        _ => job with { Sampling = With(job.Sampling, field) },
    };

    internal static JobParameters Of(string change)
    {
        JobParameters job = SampleJobs.Small();
        SamplingParameters sampling = new();
        return change switch
        {
            "modelRoot" => job with { ModelRoot = default },
            "prompt none" => job with { PromptTokens = [] },
            "prompt max" => job with { PromptTokens = new uint[131_072] },
            "prompt max+1" => job with { PromptTokens = new uint[131_073] },
            "temperature max" => job with { Sampling = sampling with { TemperatureMillionths = 2_000_000 } },
            "temperature" => job with { Sampling = sampling with { TemperatureMillionths = 2_000_001 } },
            "topP 0" => job with { Sampling = sampling with { TopPMillionths = 0 } },
            "topP 1" => job with { Sampling = sampling with { TopPMillionths = 1 } },
            "topP 1000001" => job with { Sampling = sampling with { TopPMillionths = 1_000_001 } },
            "minP" => job with { Sampling = sampling with { MinPMillionths = 1_000_001 } },
            "repetition low" => job with { Sampling = sampling with { RepetitionPenaltyMillionths = 999_999 } },
            "repetition high" => job with { Sampling = sampling with { RepetitionPenaltyMillionths = 2_000_001 } },
            "presence" => job with { Sampling = sampling with { PresencePenaltyMillionths = -2_000_001 } },
            "frequency" => job with { Sampling = sampling with { FrequencyPenaltyMillionths = 2_000_001 } },
            "bias unsorted" => Biased(job, new(4, 1), new(3, 1)),
            "bias twice" => Biased(job, new(3, 1), new(3, 1)),
            "bias range" => Biased(job, new LogitBias(3, 100_000_001)),
            "bias max" => Biased(job, [.. Enumerable.Range(0, 1024).Select(i => new LogitBias((uint)i, 1))]),
            "bias max+1" => Biased(job, [.. Enumerable.Range(0, 1025).Select(i => new LogitBias((uint)i, 1))]),
            "max tokens 0" => job with { MaxTokens = 0 },
            "max tokens max" => job with { MaxTokens = 131_072 },
            "max tokens max+1" => job with { MaxTokens = 131_073 },
            _ => OfLists(job, change),
        };
    }

    private static JobParameters OfLists(JobParameters job, string change) => change switch
    {
        "stop tokens unsorted" => job with { StopTokens = [5, 4] },
        "stop tokens twice" => job with { StopTokens = [5, 5] },
        "stop tokens max" => job with { StopTokens = [.. Enumerable.Range(0, 64).Select(i => (uint)i)] },
        "stop tokens max+1" => job with { StopTokens = [.. Enumerable.Range(0, 65).Select(i => (uint)i)] },
        "stop strings unsorted" => job with { StopStrings = ["b", "a"] },
        "stop strings utf-16 order" => job with { StopStrings = ["🐪", "\uffee"] },
        "stop strings max" => job with { StopStrings = ["a", "b", "c", "d"] },
        "stop strings max+1" => job with { StopStrings = ["a", "b", "c", "d", "e"] },
        "stop string empty" => job with { StopStrings = [""] },
        "stop string max" => job with { StopStrings = [new string('x', 256)] },
        "stop string long" => job with { StopStrings = [new string('x', 257)] },
        "stop string lone surrogate" => job with { StopStrings = ["\ud800"] },
        "classes unsorted" => job with
        {
            NumericsClasses = [.. new[] { SampleJobs.HashOf("a"), SampleJobs.HashOf("b") }.OrderDescending()],
        },
        "classes max" => job with { NumericsClasses = Classes(16) },
        "classes max+1" => job with { NumericsClasses = Classes(17) },
        _ => OfNumbers(job, change),
    };

    private static JobParameters OfNumbers(JobParameters job, string change) => change switch
    {
        // 19 tokens; the fee fills the reward up to exactly all coin that can exist.
        "reward max" => job with { PriceGrainsPerToken = 526_315_789_473_684, FeeGrains = 4 },
        "fee" => job with { PriceGrainsPerToken = 526_315_789_473_684, FeeGrains = 5 },
        "reward" => job with { PriceGrainsPerToken = ulong.MaxValue, FeeGrains = 0 },
        "created" => job with { Created = 499_999_999 },
        "created min" => job with { Created = 500_000_000 },
        "deadline" => job with { Deadline = job.Created },
        "deadline next" => job with { Deadline = job.Created + 1 },
        "deadline max" => job with { Deadline = JobParameters.TimeMax },
        "deadline max+1" => job with { Deadline = JobParameters.TimeMax + 1 },
        "key" => job with { ClientKey = default },
        "address no port" => job with { ReturnAddress = "host" },
        "address port 65535" => job with { ReturnAddress = "a.example:65535" },
        "address port 65536" => job with { ReturnAddress = "a.example:65536" },
        "address port 080" => job with { ReturnAddress = "a.example:080" },
        "address space" => job with { ReturnAddress = "a b:80" },
        "level" => job with { Verification = (VerificationLevel)4 },
        "full with positions" => job with { SampledPositions = 1 },
        "sampled none" => job with { Verification = VerificationLevel.Sampled },
        "sampled max" => job with { Verification = VerificationLevel.Sampled, SampledPositions = 4096 },
        "sampled max+1" => job with { Verification = VerificationLevel.Sampled, SampledPositions = 4097 },
        "nonce" => job with { NonceHash = default },
        _ => throw new ArgumentOutOfRangeException(nameof(change), change, "no such variant"),
    };

    private static SamplingParameters With(SamplingParameters sampling, string field) => field switch
    {
        "temperature" => sampling with { TemperatureMillionths = 0 },
        "topP" => sampling with { TopPMillionths = 1 },
        "topK" => sampling with { TopK = 0 },
        "minP" => sampling with { MinPMillionths = 0 },
        "repetitionPenalty" => sampling with { RepetitionPenaltyMillionths = 1_000_000 },
        "presencePenalty" => sampling with { PresencePenaltyMillionths = 0 },
        "frequencyPenalty" => sampling with { FrequencyPenaltyMillionths = 0 },
        "logitBiases" => sampling with { LogitBiases = [new LogitBias(5, 1)] },
        "seed" => sampling with { ClientSeed = null },
        _ => throw new ArgumentOutOfRangeException(nameof(field), field, "no such field"),
    };

    private static JobParameters Biased(JobParameters job, params LogitBias[] biases) =>
        job with { Sampling = new SamplingParameters { LogitBiases = biases } };

    private static Hash256[] Classes(int count) =>
        [.. Enumerable.Range(0, count).Select(i => SampleJobs.HashOf($"{i}")).Order()];

    private static PublicKey OtherKey()
    {
        byte[] bytes = SampleJobs.Key.Span.ToArray();
        bytes[0] = 0x03;
        return PublicKey.TryFromBytes(bytes, out PublicKey key) ? key : throw new InvalidOperationException();
    }
}
