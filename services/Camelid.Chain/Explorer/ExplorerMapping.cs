using System.Globalization;
using Camelid.Chain.Blocks;
using Camelid.Chain.Index;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Explorer;

/// <summary>Values of the rules, as an explorer shows them.</summary>
internal static class ExplorerMapping
{
    /// <summary>A transaction in a line.</summary>
    public static TransactionLine LineOf(Transaction transaction, long feeGrains) => new()
    {
        Txid = transaction.Txid.ToString(),
        JobId = transaction.JobId.IsNone ? "" : transaction.JobId.ToString(),
        Coinbase = transaction.IsCoinbase,
        FeeGrains = feeGrains,
        BytesCount = transaction.ByteCount,
        OutputGrains = transaction.Outputs.Sum(output => output.Value.Grains),
        InputCount = transaction.Inputs.Count,
        OutputCount = transaction.Outputs.Count,
    };

    /// <summary>An output with its owner's address.</summary>
    public static OutputView OutputOf(TxOutput output, int index, string spentTxid, Network network)
    {
        (Hash160 owner, OutputKind kind) = OutputOwner.Of(output.Script);
        return new OutputView
        {
            Index = index,
            Grains = output.Value.Grains,
            Kind = NameOf(kind),
            Address = kind == OutputKind.Other ? "" : new Address(network.AddressVersion, owner).ToString(),
            Script = ScriptText.Of(output.Script),
            SpentTxid = spentTxid,
        };
    }

    /// <summary>What an output is for, in a word.</summary>
    public static string NameOf(OutputKind kind) => kind.ToString().ToLowerInvariant();

    /// <summary>A place on the chain, to read on from.</summary>
    public static string CursorOf(OwnerEntry entry) =>
        string.Create(CultureInfo.InvariantCulture, $"{entry.Height}.{entry.Position}");

    /// <summary>Reads what <see cref="CursorOf"/> writes; empty is above every block.</summary>
    public static bool TryReadCursor(string text, out ChainPlace place)
    {
        place = ChainPlace.Top;
        if (text.Length == 0)
        {
            return true;
        }

        string[] parts = text.Split('.');
        if (parts.Length != 2
            || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int height)
            || !int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int position))
        {
            return false;
        }

        place = new ChainPlace(height, position);
        return true;
    }
}
