using System.Buffers.Binary;
using System.Collections;
using System.Numerics;
using Camelid.Chain.Blocks;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;

namespace Camelid.Chain.Peers.Sync;

/// <summary>
/// Rule P-37: headers of a chain whose work is not known to be enough are not kept. They are walked along once, one bit
/// of every 64th remembered; where their work turns out to be enough, they are fetched again and kept, each 4,096
/// headers after it came, if all bits are the same. So memory is had for work alone: who shows much work and then sends
/// other headers is found out before 64 of his bits have passed.
/// </summary>
internal sealed class HeaderPresync
{
    /// <summary>Headers between two that leave a bit.</summary>
    public const int BitSpacing = 64;

    /// <summary>Headers that are held back while the bits of those behind them are compared.</summary>
    public const int HeldBack = 4_096;

    private readonly Network network;
    private readonly BlockEntry start;
    private readonly BigInteger workWanted;
    private readonly int headersMax;
    private readonly ulong salt;
    private readonly BitArray bits;
    private readonly Queue<BlockHeader> held = [];
    private HeaderCursor cursor;
    private int bitCount;

    /// <summary>Follows a chain from a header that is known.</summary>
    /// <param name="network">The network.</param>
    /// <param name="start">The last header that is known.</param>
    /// <param name="workWanted">Work from which on its headers are kept.</param>
    /// <param name="now">The clock, Unix seconds: bounds how many blocks there can be, one in each second.</param>
    /// <param name="salt">Random: nobody can tell which bit a header leaves.</param>
    public HeaderPresync(Network network, BlockEntry start, BigInteger workWanted, uint now, ulong salt)
    {
        this.network = network;
        this.start = start;
        this.workWanted = workWanted;
        this.salt = salt;
        long seconds = (long)now + network.BlockTimeAheadSecondsMax - start.Header.Time;
        headersMax = (int)Math.Clamp(seconds, 1, int.MaxValue / 2);
        bits = new BitArray(0);
        cursor = new HeaderCursor(network, start);
    }

    /// <summary>True while headers come for the second time.</summary>
    public bool IsFetching { get; private set; }

    /// <summary>True once nothing is held back any more: what follows is kept as it comes.</summary>
    public bool IsOver { get; private set; }

    /// <summary>The header behind which to go on asking.</summary>
    public BlockHash Last => cursor.Hash;

    /// <summary>The header from which it began.</summary>
    public BlockEntry Start => start;

    /// <summary>Takes the next headers.</summary>
    /// <param name="headers">Linked to each other and to <see cref="Last"/>.</param>
    /// <param name="released">Headers that may be kept now, in order.</param>
    public RuleCode Take(IReadOnlyList<BlockHeader> headers, out IReadOnlyList<BlockHeader> released)
    {
        List<BlockHeader> good = [];
        released = good;
        foreach (BlockHeader header in headers)
        {
            RuleCode code = IsOver ? RuleCode.Accepted : cursor.Step(header);
            code = code == RuleCode.Accepted && !IsOver ? CheckBit() : code;
            if (code != RuleCode.Accepted)
            {
                return code;
            }

            if (IsOver)
            {
                good.Add(header);
            }
            else if (IsFetching)
            {
                held.Enqueue(header);
                Release(good);
            }
            else if (cursor.Work >= workWanted)
            {
                // Enough: from the beginning again. What is left of this message comes again too.
                IsFetching = true;
                cursor = new HeaderCursor(network, start);
                return RuleCode.Accepted;
            }
        }

        return RuleCode.Accepted;
    }

    private RuleCode CheckBit()
    {
        int count = cursor.Height - start.Height;
        if (count > headersMax)
        {
            return RuleCode.PeerHeadersFlood;
        }

        if (count % BitSpacing != 0)
        {
            return RuleCode.Accepted;
        }

        bool bit = BitOf(cursor.Hash);
        int index = (count / BitSpacing) - 1;
        if (IsFetching)
        {
            return index < bitCount && bits[index] != bit ? RuleCode.PeerHeadersChanged : RuleCode.Accepted;
        }

        if (index >= bits.Length)
        {
            bits.Length = Math.Max(64, bits.Length * 2);
        }

        bits[index] = bit;
        bitCount = index + 1;
        return RuleCode.Accepted;
    }

    private void Release(List<BlockHeader> good)
    {
        IsOver = cursor.Work >= workWanted;
        while (held.Count > (IsOver ? 0 : HeldBack))
        {
            good.Add(held.Dequeue());
        }
    }

    private bool BitOf(BlockHash hash)
    {
        Span<byte> bytes = stackalloc byte[Hash256.Bytes];
        hash.Value.CopyTo(bytes);
        ulong mixed = (BinaryPrimitives.ReadUInt64LittleEndian(bytes) ^ salt) * 0x9e3779b97f4a7c15;
        return BitOperations.PopCount(mixed) % 2 == 1;
    }
}
