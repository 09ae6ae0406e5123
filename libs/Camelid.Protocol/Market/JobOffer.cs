using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Peers;

namespace Camelid.Protocol.Market;

/// <summary>
/// Rule J-15: a job as everybody may know it: what it asks for and what it pays, without its prompt. Signed by the
/// client's key; it counts until the deadline, and only where J0 is behind it (<see cref="OfferBacking"/>).
/// </summary>
public sealed record JobOffer : MarketItem
{
    /// <summary>Most seconds from created to deadline: no transaction waits longer for its lock time (M-05).</summary>
    public const uint SecondsMax = 14 * 24 * 3_600;

    /// <summary>Canonical bytes without the signature.</summary>
    public const int FixedBytes = HeadBytes + Hash256.Bytes + PublicKey.Bytes + NodeId.Bytes + Hash256.Bytes
        + 4 + 4 + 8 + 8 + 4 + Hash256.Bytes;

    /// <summary>Most canonical bytes.</summary>
    public const int BytesMax = FixedBytes + TailBytesMax;

    /// <summary>The job.</summary>
    public required JobId JobId { get; init; }

    /// <summary>The client's key.</summary>
    public required PublicKey ClientKey { get; init; }

    /// <summary>Where messages for the client go.</summary>
    public required NodeId ClientNode { get; init; }

    /// <summary>The model.</summary>
    public required Hash256 ModelRoot { get; init; }

    /// <summary>Tokens of the prompt, 1 … <see cref="JobParameters.PromptTokensMax"/>.</summary>
    public required uint PromptTokens { get; init; }

    /// <summary>Most output tokens, 1 … <see cref="JobParameters.TokensMax"/>.</summary>
    public required uint MaxTokens { get; init; }

    /// <summary>Of a token, in grains.</summary>
    public required ulong PriceGrainsPerToken { get; init; }

    /// <summary>The fee of each of the job's transactions, in grains.</summary>
    public required ulong FeeGrains { get; init; }

    /// <summary>From this Unix second on it is over.</summary>
    public required uint Deadline { get; init; }

    /// <summary>The txid of J0.</summary>
    public required Hash256 OfferTxid { get; init; }

    /// <summary>What the offer promises, without the fee, in grains.</summary>
    public Int128 RewardGrains => (Int128)PriceGrainsPerToken * ((Int128)PromptTokens + MaxTokens);

    /// <inheritdoc/>
    public override MarketKind Kind => MarketKind.Offer;

    /// <inheritdoc/>
    public override PublicKey Key => ClientKey;

    /// <inheritdoc/>
    public override uint Expires => Deadline;

    /// <inheritdoc/>
    public override bool IsInForm => !JobId.IsNone && !ClientKey.IsNone && !ClientNode.IsNone && !ModelRoot.IsZero
        && PromptTokens is >= 1 and <= JobParameters.PromptTokensMax && MaxTokens is >= 1 and <= JobParameters.TokensMax
        && RewardGrains + FeeGrains <= Amount.GrainsMax && !OfferTxid.IsZero
        && Created >= CreatedMin && Deadline > Created && Deadline - Created <= SecondsMax
        && Deadline <= JobParameters.TimeMax;

    private protected override string Tag => "camelid/offer";

    /// <summary>What may be told of a job.</summary>
    /// <param name="job">The job.</param>
    /// <param name="genesis">The hash of the network's first block.</param>
    /// <param name="clientNode">The client's node.</param>
    /// <param name="offerTxid">The txid of J0.</param>
    public static JobOffer Of(JobParameters job, Hash256 genesis, NodeId clientNode, Hash256 offerTxid) => new()
    {
        Genesis = genesis,
        Created = job.Created,
        JobId = job.Id,
        ClientKey = job.ClientKey,
        ClientNode = clientNode,
        ModelRoot = job.ModelRoot,
        PromptTokens = (uint)job.PromptTokens.Count,
        MaxTokens = job.MaxTokens,
        PriceGrainsPerToken = job.PriceGrainsPerToken,
        FeeGrains = job.FeeGrains,
        Deadline = job.Deadline,
        OfferTxid = offerTxid,
    };

    /// <summary>Reads canonical bytes; refuses what <see cref="IsInForm"/> refuses.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out JobOffer? offer)
    {
        CanonicalReader reader = new(bytes.Length <= BytesMax ? bytes : default);
        (Hash256 genesis, uint created) = ReadHead(ref reader);
        JobOffer read = new()
        {
            Genesis = genesis,
            Created = created,
            JobId = new JobId(reader.Hash()),
            ClientKey = PublicKey.TryFromBytes(reader.Raw(PublicKey.Bytes), out PublicKey key) ? key : default,
            ClientNode = NodeId.Read(ref reader),
            ModelRoot = reader.Hash(),
            PromptTokens = reader.UInt32(),
            MaxTokens = reader.UInt32(),
            PriceGrainsPerToken = reader.UInt64(),
            FeeGrains = reader.UInt64(),
            Deadline = reader.UInt32(),
            OfferTxid = reader.Hash(),
            Signature = reader.VarBytes(SignatureBytesMax),
        };
        offer = reader.AtEnd && read.IsInForm ? read : null;
        return offer is not null;
    }

    /// <summary>Equal in every byte.</summary>
    public bool Equals(JobOffer? other) => HasBytesOf(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Kind, JobId, Created, Signature.Length);

    private protected override void WriteFields(CanonicalWriter writer)
    {
        ClientNode.Write(writer.Hash(JobId.Value).Raw(ClientKey.Span));
        writer.Hash(ModelRoot).UInt32(PromptTokens).UInt32(MaxTokens).UInt64(PriceGrainsPerToken).UInt64(FeeGrains)
            .UInt32(Deadline).Hash(OfferTxid);
    }
}
