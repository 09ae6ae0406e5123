using Camelid.Protocol.Jobs;

namespace Camelid.Protocol.Trade;

/// <summary>
/// Rule J-22: a worker's signed answer to an order: it takes the job, or says why not. One for each job.
/// </summary>
public sealed record OrderAnswer
{
    /// <summary>The tag of the hash.</summary>
    public const string Tag = "camelid/order-answer";

    /// <summary>The hash of the network's first block.</summary>
    public required Hash256 Genesis { get; init; }

    /// <summary>The job.</summary>
    public required JobId JobId { get; init; }

    /// <summary>The worker's stake.</summary>
    public required StakeId Stake { get; init; }

    /// <summary>The answer.</summary>
    public required OrderCode Code { get; init; }

    /// <summary>What the stake's key signs.</summary>
    public Hash256 SigningHash => Hashes.Tagged(Tag, Encode());

    /// <summary>The canonical bytes.</summary>
    public byte[] Encode()
    {
        CanonicalWriter writer = new();
        Stake.Write(writer.Hash(Genesis).Hash(JobId.Value));
        return writer.Byte((byte)Code).ToArray();
    }

    /// <summary>Reads canonical bytes; refuses the zero job and stake and unknown codes.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out OrderAnswer? answer)
    {
        CanonicalReader reader = new(bytes);
        OrderAnswer read = new()
        {
            Genesis = reader.Hash(),
            JobId = new JobId(reader.Hash()),
            Stake = StakeId.Read(ref reader),
            Code = (OrderCode)reader.Byte(),
        };
        bool good = reader.AtEnd && !read.JobId.IsNone && !read.Stake.IsNone
            && read.Code is >= OrderCode.Accepted and <= OrderCode.RewardTooLarge;
        answer = good ? read : null;
        return good;
    }
}
