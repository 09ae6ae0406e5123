using Camelid.Chain.Blocks;
using Camelid.Protocol;
using Camelid.Protocol.Transactions;
using Camelid.ServiceDefaults.Storage;
using Dapper;

namespace Camelid.Chain.Index;

/// <summary>An output while its block, or the one that spends it, is being indexed.</summary>
internal sealed class IndexedOutput
{
    /// <summary>Where the transaction that made it lies.</summary>
    public required ChainPlace Place { get; init; }

    /// <summary>Its place among the outputs.</summary>
    public required uint OutputIndex { get; init; }

    /// <summary>What it is for.</summary>
    public required OutputKind Kind { get; init; }

    /// <summary>Its coin.</summary>
    public required long Grains { get; init; }

    /// <summary>Whose it is; <c>default</c> where the row is written already.</summary>
    public Hash160 Owner { get; init; }

    /// <summary>Where it is spent, or null.</summary>
    public ChainPlace? SpentAt { get; private set; }

    /// <summary>The input that spends it.</summary>
    public int SpentInput { get; private set; }

    /// <summary>Notes what spends it.</summary>
    public void Spend(ChainPlace place, int input) => (SpentAt, SpentInput) = (place, input);
}

/// <summary>The outputs of blocks that are indexed already, found by their outpoints.</summary>
internal static class IndexedOutputs
{
    /// <summary>
    /// Transactions in one question. It is answered with at most as many outputs of each as the question has indices:
    /// nobody can make it large by spending few outputs of transactions with many.
    /// </summary>
    private const int TransactionsMax = 200;

    /// <summary>The outputs of these outpoints; one that the index lacks is not in the answer.</summary>
    public static async Task<Dictionary<OutPoint, IndexedOutput>> FindAsync(
        DatabaseSession session, IEnumerable<OutPoint> outPoints)
    {
        Dictionary<OutPoint, IndexedOutput> found = [];
        foreach (OutPoint[] part in outPoints.Chunk(TransactionsMax))
        {
            HashSet<OutPoint> wanted = [.. part];
            DynamicParameters parameters = new();
            string txids = RowInsert.List(parameters, "t", part.Select(outPoint => outPoint.Txid).Distinct()
                .Select(txid => (object)txid.ToString()));
            string indices = RowInsert.List(parameters, "i", part.Select(outPoint => outPoint.Index).Distinct()
                .Select(index => (object)(long)index));
            IReadOnlyList<OutputRow> rows = await session.QueryAsync<OutputRow>(
                $"""
                select t.txid as Txid, o.height as Height, o.position as Position, o.output_index as OutputIndex,
                    o.kind as Kind, o.grains as Grains
                from transactions t join outputs o on o.height = t.height and o.position = t.position
                where t.txid in ({txids}) and o.output_index in ({indices})
                """,
                parameters);
            foreach (OutputRow row in rows)
            {
                if (Txid.TryParse(row.Txid, out Txid txid)
                    && wanted.Contains(new OutPoint(txid, (uint)row.OutputIndex)))
                {
                    found[new OutPoint(txid, (uint)row.OutputIndex)] = new IndexedOutput
                    {
                        Place = new ChainPlace(row.Height, row.Position),
                        OutputIndex = (uint)row.OutputIndex,
                        Kind = (OutputKind)row.Kind,
                        Grains = row.Grains,
                    };
                }
            }
        }

        return found;
    }
}
