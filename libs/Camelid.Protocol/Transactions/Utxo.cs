using System.Diagnostics.CodeAnalysis;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Scripts;

namespace Camelid.Protocol.Transactions;

/// <summary>An unspent output with what the rules ask about it.</summary>
/// <param name="Output">The output.</param>
/// <param name="Height">The height of the block that made it.</param>
/// <param name="IsCoinbase">True where a coinbase made it.</param>
/// <param name="BlockTime">The time of that block, Unix seconds.</param>
/// <param name="JobId">The job of the transaction that made it, or none.</param>
public sealed record Utxo(TxOutput Output, int Height, bool IsCoinbase, uint BlockTime, JobId JobId)
{
    /// <summary>Rule C-17: false for a coinbase's output that a block of this height may not spend yet.</summary>
    public bool IsMatureAt(int height, Network network) => !IsCoinbase || height - Height >= network.CoinbaseMaturity;

    /// <summary>Canonical bytes, for stores and undo data.</summary>
    public byte[] Encode()
    {
        CanonicalWriter writer = new();
        Write(writer);
        return writer.ToArray();
    }

    /// <summary>Reads canonical bytes.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out Utxo? utxo)
    {
        CanonicalReader reader = new(bytes);
        utxo = Read(ref reader);
        utxo = reader.AtEnd ? utxo : null;
        return utxo is not null;
    }

    internal void Write(CanonicalWriter writer) => writer.Int64(Output.Value.Grains).VarBytes(Output.Script.Span)
        .Int32(Height).Byte(IsCoinbase ? (byte)1 : (byte)0).UInt32(BlockTime).Hash(JobId.Value);

    internal static Utxo? Read(ref CanonicalReader reader)
    {
        Amount? value = Amount.FromGrains(reader.Int64());
        Script script = new(reader.VarBytes(Script.BytesMax));
        int height = reader.Int32();
        byte coinbase = reader.Byte();
        uint time = reader.UInt32();
        JobId jobId = new(reader.Hash());
        if (reader.Failed || value is not { } amount || height < 0 || coinbase > 1)
        {
            reader.Fail();
            return null;
        }

        return new Utxo(new TxOutput(amount, script), height, coinbase == 1, time, jobId);
    }
}

/// <summary>The unspent outputs as they are before a block or a transaction.</summary>
public interface IUtxoView
{
    /// <summary>The unspent output, or false where there is none.</summary>
    bool TryGet(OutPoint outPoint, [NotNullWhen(true)] out Utxo? utxo);
}
