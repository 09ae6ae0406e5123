namespace Camelid.Protocol.Jobs;

/// <summary>
/// Rule E-25: what a worker signs after computing and before being paid: it can only win with this output.
/// </summary>
public sealed record Testament
{
    /// <summary>The tag of the hash.</summary>
    public const string Tag = "camelid/testament";

    /// <summary>Canonical bytes: every field has a fixed size.</summary>
    public const int Bytes = (6 * Hash256.Bytes) + (3 * 4) + 1 + (2 * Hash160.Bytes) + StakeId.Bytes + 8;

    /// <summary>The hash of the network's first block.</summary>
    public required Hash256 Genesis { get; init; }

    /// <summary>The job.</summary>
    public required JobId JobId { get; init; }

    /// <summary>The root over the output leaves.</summary>
    public required Hash256 OutputRoot { get; init; }

    /// <summary>The root over the ciphertext leaves.</summary>
    public required Hash256 CiphertextRoot { get; init; }

    /// <summary>
    /// Chunks of the output, 1 … <see cref="OutputCommitment.ChunksMax"/>, as many as the token count makes.
    /// </summary>
    public required uint ChunkCount { get; init; }

    /// <summary>
    /// Output tokens, 0 … <see cref="JobParameters.TokensMax"/>: what is paid for besides the prompt.
    /// </summary>
    public required uint TokenCount { get; init; }

    /// <summary>Why the output ends.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>The client's nonce, as the assignment revealed it.</summary>
    public required Hash256 Nonce { get; init; }

    /// <summary>The numerics class that computed.</summary>
    public required Hash256 NumericsClass { get; init; }

    /// <summary>h(k) = HASH160(k).</summary>
    public required Hash160 KeyHash { get; init; }

    /// <summary>HASH160 of the public key that is paid: its address on the network that the genesis names.</summary>
    public required Hash160 RewardAddress { get; init; }

    /// <summary>The worker's stake.</summary>
    public required StakeId Stake { get; init; }

    /// <summary>What the stake loses if the output is proved wrong, in grains.</summary>
    public required ulong SlashGrains { get; init; }

    /// <summary>Unix seconds after which no dispute may be mined.</summary>
    public required uint Expiry { get; init; }

    /// <summary>H(testament): what the worker's key signs, and what the payment's script begins with.</summary>
    public Hash256 Hash => Hashes.Tagged(Tag, Encode());

    /// <summary>The canonical bytes, in the order of protocol.md.</summary>
    public byte[] Encode()
    {
        CanonicalWriter writer = new();
        writer.Hash(Genesis).Hash(JobId.Value).Hash(OutputRoot).Hash(CiphertextRoot).UInt32(ChunkCount)
            .UInt32(TokenCount).Byte((byte)FinishReason).Hash(Nonce).Hash(NumericsClass).Raw(KeyHash.ToBytes())
            .Raw(RewardAddress.ToBytes());
        Stake.Write(writer);
        return writer.UInt64(SlashGrains).UInt32(Expiry).ToArray();
    }

    /// <summary>Reads canonical bytes; refuses what <see cref="IsInForm"/> refuses.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out Testament? testament)
    {
        testament = null;
        if (bytes.Length != Bytes)
        {
            return false;
        }

        CanonicalReader reader = new(bytes);
        Testament read = new()
        {
            Genesis = reader.Hash(),
            JobId = new JobId(reader.Hash()),
            OutputRoot = reader.Hash(),
            CiphertextRoot = reader.Hash(),
            ChunkCount = reader.UInt32(),
            TokenCount = reader.UInt32(),
            FinishReason = (FinishReason)reader.Byte(),
            Nonce = reader.Hash(),
            NumericsClass = reader.Hash(),
            KeyHash = Hash160.FromBytes(reader.Raw(Hash160.Bytes)),
            RewardAddress = Hash160.FromBytes(reader.Raw(Hash160.Bytes)),
            Stake = StakeId.Read(ref reader),
            SlashGrains = reader.UInt64(),
            Expiry = reader.UInt32(),
        };
        testament = reader.AtEnd && read.IsInForm ? read : null;
        return testament is not null;
    }

    /// <summary>
    /// Rule E-25: counts in their bounds and agreeing, a known finish reason, a job, a stake, coin that can exist.
    /// </summary>
    public bool IsInForm => !JobId.IsNone && !Stake.IsNone && TokenCount <= JobParameters.TokensMax
        && ChunkCount == ChunksOf(TokenCount) && SlashGrains <= Amount.GrainsMax
        && FinishReason is FinishReason.Stop or FinishReason.Length or FinishReason.Cancelled
        && (TokenCount > 0 || FinishReason == FinishReason.Cancelled);

    /// <summary>True where the opened output is the one whose counts and end the testament states.</summary>
    public bool Describes(JobOutput output) =>
        output.Tokens.Length == TokenCount && output.FinishReason == FinishReason;

    /// <summary>Chunks of an output of that many tokens.</summary>
    public static uint ChunksOf(uint tokenCount) =>
        (uint)((JobOutput.HeadBytes + (8L * tokenCount) + OutputCommitment.ChunkBytes - 1)
            / OutputCommitment.ChunkBytes);
}
