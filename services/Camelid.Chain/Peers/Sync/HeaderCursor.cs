using System.Numerics;
using Camelid.Chain.Blocks;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Peers.Sync;

/// <summary>Walks along headers and judges each by all rules of headers, without keeping any.</summary>
internal sealed class HeaderCursor
{
    private readonly Network network;
    private readonly Queue<uint> times = [];
    private uint lastTime;
    private long effectiveSeconds;

    /// <summary>Stands on a header that is known.</summary>
    public HeaderCursor(Network network, BlockEntry start)
    {
        this.network = network;
        Hash = start.Hash;
        Height = start.Height;
        Work = start.Work;
        lastTime = start.Header.Time;
        effectiveSeconds = start.EffectiveSeconds;
        BlockEntry first = start.Ancestor(Math.Max(0, start.Height - BlockRules.MedianTimeBlocks + 1));
        for (int height = first.Height; height <= start.Height; height++)
        {
            times.Enqueue(start.Ancestor(height).Header.Time);
        }
    }

    /// <summary>The header on which it stands.</summary>
    public BlockHash Hash { get; private set; }

    /// <summary>Its height.</summary>
    public int Height { get; private set; }

    /// <summary>The work up to it.</summary>
    public BigInteger Work { get; private set; }

    /// <summary>Judges the next header and goes on to it where it is good.</summary>
    public RuleCode Step(BlockHeader header)
    {
        uint bits = Difficulty.NextBits(network, Height, effectiveSeconds);
        HeaderContext context = new(network, Hash, BlockRules.MedianTimePast(times), bits);
        RuleCode code = BlockRules.CheckHeader(header, context);
        if (code != RuleCode.Accepted)
        {
            return code;
        }

        effectiveSeconds = Difficulty.EffectiveSeconds(effectiveSeconds, lastTime, header.Time);
        lastTime = header.Time;
        Hash = header.Hash;
        Height++;
        Work += ProofOfWork.Work(header.Bits);
        times.Enqueue(header.Time);
        if (times.Count > BlockRules.MedianTimeBlocks)
        {
            times.Dequeue();
        }

        return RuleCode.Accepted;
    }
}
