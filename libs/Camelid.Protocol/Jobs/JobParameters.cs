using Camelid.Protocol.Keys;

namespace Camelid.Protocol.Jobs;

/// <summary>
/// Rule J-01: all that a client asks for. Its canonical bytes give the <see cref="JobId"/>, so nothing can change
/// later.
/// </summary>
/// <remarks>
/// Lists have one order (see <see cref="InCanonicalOrder"/>): two spellings of one job would be two jobs.
/// </remarks>
public sealed record JobParameters
{
    /// <summary>Most prompt tokens.</summary>
    public const int PromptTokensMax = 131_072;

    /// <summary>Most output tokens.</summary>
    public const int TokensMax = 131_072;

    /// <summary>Most stop tokens.</summary>
    public const int StopTokensMax = 64;

    /// <summary>Most stop strings.</summary>
    public const int StopStringsMax = 4;

    /// <summary>Most UTF-8 bytes of one stop string.</summary>
    public const int StopStringBytesMax = 256;

    /// <summary>Most bytes of the return address: a DNS name, a colon, a port.</summary>
    public const int ReturnAddressBytesMax = 259;

    /// <summary>Most drawn positions of level <see cref="VerificationLevel.Sampled"/>.</summary>
    public const int SampledPositionsMax = 4096;

    /// <summary>Most numerics classes.</summary>
    public const int NumericsClassesMax = 16;

    /// <summary>The first time (unix seconds) that a lock time can express: below, lock times are heights.</summary>
    public const uint TimeMin = 500_000_000;

    /// <summary>The last deadline, so that every later escrow time still fits 32 bits.</summary>
    public const uint TimeMax = uint.MaxValue - 1_000_000;

    /// <summary>Most canonical bytes.</summary>
    public const int BytesMax = 1_000_000;

    /// <summary>The model: files and manifest.</summary>
    public required Hash256 ModelRoot { get; init; }

    /// <summary>The prompt as token ids of the model's tokenizer, 1 … <see cref="PromptTokensMax"/>.</summary>
    public required IReadOnlyList<uint> PromptTokens { get; init; }

    /// <summary>How tokens are chosen.</summary>
    public SamplingParameters Sampling { get; init; } = new();

    /// <summary>Most output tokens, 1 … <see cref="TokensMax"/>.</summary>
    public required uint MaxTokens { get; init; }

    /// <summary>Token ids that end the output besides the model's own, ascending, each once.</summary>
    public IReadOnlyList<uint> StopTokens { get; init; } = [];

    /// <summary>
    /// Texts that end the output, ascending in UTF-8, each once, matched by the model's own detokeniser.
    /// </summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Price in grains per token, prompt and output alike.</summary>
    public required ulong PriceGrainsPerToken { get; init; }

    /// <summary>Fee in grains for the miner.</summary>
    public required ulong FeeGrains { get; init; }

    /// <summary>When the client made the job, unix seconds, at least <see cref="TimeMin"/>.</summary>
    public required uint Created { get; init; }

    /// <summary>
    /// When the client stops waiting, unix seconds, after <see cref="Created"/>, at most <see cref="TimeMax"/>.
    /// </summary>
    public required uint Deadline { get; init; }

    /// <summary>The client's key: signs the assignment, opens the envelope.</summary>
    public required PublicKey ClientKey { get; init; }

    /// <summary>Where the client listens, <c>host:port</c>, or empty: it asks for its answer itself.</summary>
    public string ReturnAddress { get; init; } = "";

    /// <summary>How much of the output is recomputed.</summary>
    public VerificationLevel Verification { get; init; } = VerificationLevel.Full;

    /// <summary>Drawn positions, 1 … <see cref="SampledPositionsMax"/> for level Sampled, else 0.</summary>
    public uint SampledPositions { get; init; }

    /// <summary>Numerics classes that the client can check, ascending, each once; empty means any.</summary>
    public IReadOnlyList<Hash256> NumericsClasses { get; init; } = [];

    /// <summary>SHA-256 of the client's 32-byte nonce, which the assignment reveals.</summary>
    public required Hash256 NonceHash { get; init; }

    /// <summary>Rule J-01: the job's identity.</summary>
    /// <exception cref="ArgumentException">The parameters are out of form.</exception>
    public JobId Id => new(Hashes.Tagged(JobId.Tag, Encode()));

    /// <summary>Rule J-02: the first part that is out of form, or <see cref="JobRefusal.Accepted"/>.</summary>
    public JobRefusal CheckForm() => JobForm.Check(this);

    /// <summary>The canonical bytes.</summary>
    /// <exception cref="ArgumentException">The parameters are out of form; the message names the part.</exception>
    public byte[] Encode() => JobEncoding.Encode(this);

    /// <summary>Reads canonical bytes; refuses all that <see cref="Encode"/> would not write.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out JobParameters? parameters) =>
        JobEncoding.TryDecode(bytes, out parameters);

    /// <summary>The same job with its lists sorted and repetitions dropped, as the canonical form asks.</summary>
    public JobParameters InCanonicalOrder() => this with
    {
        Sampling = Sampling with
        {
            LogitBiases = [.. Sampling.LogitBiases.DistinctBy(bias => bias.TokenId).OrderBy(bias => bias.TokenId)],
        },
        StopTokens = [.. StopTokens.Distinct().Order()],
        StopStrings = [.. StopStrings.Distinct(StringComparer.Ordinal).Order(JobForm.Utf8Order)],
        NumericsClasses = [.. NumericsClasses.Distinct().Order()],
    };

    /// <summary>
    /// The camelCase names of the fields in which two jobs differ, in canonical order; none if they are equal.
    /// </summary>
    public IReadOnlyList<string> DifferencesFrom(JobParameters other) => JobDifferences.Between(this, other);

    /// <summary>Equal fields, lists compared one by one.</summary>
    public bool Equals(JobParameters? other) => other is not null
        && (ReferenceEquals(this, other) || JobDifferences.Between(this, other).Count == 0);

    /// <inheritdoc/>
    public override int GetHashCode() =>
        HashCode.Combine(ModelRoot, PromptTokens.Count, MaxTokens, Created, Deadline, ClientKey, NonceHash, Sampling);
}
