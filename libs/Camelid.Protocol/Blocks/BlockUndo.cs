using System.Diagnostics.CodeAnalysis;
using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Blocks;

/// <summary>One change of the set of unspent outputs: one side is null.</summary>
/// <param name="OutPoint">The output.</param>
/// <param name="Before">What was there, or null where it is new.</param>
/// <param name="After">What is there now, or null where it is gone.</param>
public sealed record UtxoChange(OutPoint OutPoint, Utxo? Before, Utxo? After);

/// <summary>An output that a block spent, as it was.</summary>
/// <param name="OutPoint">The output.</param>
/// <param name="Utxo">What was there.</param>
public sealed record SpentOutput(OutPoint OutPoint, Utxo Utxo);

/// <summary>Rule C-19: what is needed to disconnect a block: the older outputs that it spent, in its order.</summary>
public sealed class BlockUndo
{
    private const int SpentMax = Block.BytesMax / Transaction.InputBytesMin;

    /// <summary>Takes a copy of the list.</summary>
    public BlockUndo(IEnumerable<SpentOutput> spent) => Spent = Array.AsReadOnly(spent.ToArray());

    /// <summary>The outputs of earlier blocks that the block spent.</summary>
    public IReadOnlyList<SpentOutput> Spent { get; }

    /// <summary>Canonical bytes: u32 count, then outpoint and output each.</summary>
    public byte[] Encode()
    {
        CanonicalWriter writer = new();
        writer.UInt32((uint)Spent.Count);
        foreach (SpentOutput spent in Spent)
        {
            writer.Hash(spent.OutPoint.Txid.Value).UInt32(spent.OutPoint.Index);
            spent.Utxo.Write(writer);
        }

        return writer.ToArray();
    }

    /// <summary>Reads canonical bytes.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out BlockUndo? undo)
    {
        undo = null;
        CanonicalReader reader = new(bytes);
        int count = reader.Count(SpentMax);
        List<SpentOutput> spent = [];
        for (int i = 0; i < count && !reader.Failed; i++)
        {
            OutPoint outPoint = new(new Txid(reader.Hash()), reader.UInt32());
            if (Utxo.Read(ref reader) is { } utxo)
            {
                spent.Add(new SpentOutput(outPoint, utxo));
            }
        }

        undo = reader.AtEnd ? new BlockUndo(spent) : null;
        return undo is not null;
    }
}
