using Camelid.Chain.Blocks;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Transactions;
using Camelid.ServiceDefaults.Storage;

namespace Camelid.Chain.Index;

/// <summary>The derived tables contradict the blocks: they were damaged, and must be built anew.</summary>
internal sealed class IndexDamagedException(string message) : IOException(message);

/// <summary>
/// Rule W-01: fills the derived tables (transactions, outputs, totals) from blocks and from nothing else, and takes the
/// last block out of them again. Each call is part of one database transaction.
/// </summary>
internal static class IndexWriter
{
    /// <summary>Updates in one statement text.</summary>
    private const int UpdatesMax = 100;

    /// <summary>Empties the derived tables.</summary>
    public static async Task ResetAsync(DatabaseSession session)
    {
        foreach (string table in new[] { "transactions", "outputs", "block_totals" })
        {
            await session.ExecuteAsync($"delete from {table}");
        }

        await IndexCursor.WriteAsync(session, 0, "");
    }

    /// <summary>Adds blocks that follow each other and the cursor.</summary>
    /// <exception cref="IndexDamagedException">They spend what the tables lack, or coin does not add up.</exception>
    public static async Task AddAsync(DatabaseSession session, IReadOnlyList<(BlockEntry Entry, Block Block)> blocks)
    {
        Dictionary<OutPoint, IndexedOutput> made = Outputs(blocks);
        OutPoint[] older = [.. blocks.SelectMany(pair => pair.Block.Transactions)
            .Where(transaction => !transaction.IsCoinbase).SelectMany(transaction => transaction.Inputs)
            .Select(input => input.Previous).Where(previous => !made.ContainsKey(previous))];
        Dictionary<OutPoint, IndexedOutput> found = await IndexedOutputs.FindAsync(session, older);
        BlockTotals totals = await BlockTotals.ReadAsync(session, blocks[0].Entry.Height - 1)
            ?? throw new IndexDamagedException($"no totals below height {blocks[0].Entry.Height}");
        List<object?[]> transactions = [];
        List<BlockTotals> all = [];
        foreach ((BlockEntry entry, Block block) in blocks)
        {
            totals = new BlockIndexing(made, found, entry, block).Run(totals, transactions);
            all.Add(totals);
        }

        await RowInsert.ExecuteAsync(
            session, "transactions (txid, height, position, job_id, fee_grains)", transactions);
        await InsertAsync(session, made.Values);
        await UpdateAsync(session, found.Values);
        await BlockTotals.InsertAsync(session, all);
        await IndexCursor.WriteAsync(session, totals.Height, totals.Hash);
    }

    /// <summary>Takes the block of the cursor out.</summary>
    public static async Task RemoveLastAsync(DatabaseSession session, IndexCursor last)
    {
        await session.ExecuteAsync(
            """
            update outputs set spent_height = null, spent_position = null, spent_input = null
            where spent_height = @Height
            """,
            new { last.Height });
        foreach (string table in new[] { "outputs", "transactions", "block_totals" })
        {
            await session.ExecuteAsync($"delete from {table} where height = @Height", new { last.Height });
        }

        BlockTotals before = await BlockTotals.ReadAsync(session, last.Height - 1)
            ?? throw new IndexDamagedException($"no totals below height {last.Height}");
        await IndexCursor.WriteAsync(session, before.Height, before.Hash);
    }

    private static Dictionary<OutPoint, IndexedOutput> Outputs(IReadOnlyList<(BlockEntry Entry, Block Block)> blocks)
    {
        Dictionary<OutPoint, IndexedOutput> outputs = [];
        foreach ((BlockEntry entry, Block block) in blocks)
        {
            for (int position = 0; position < block.Transactions.Count; position++)
            {
                Transaction transaction = block.Transactions[position];
                for (int i = 0; i < transaction.Outputs.Count; i++)
                {
                    (Protocol.Hash160 owner, OutputKind kind) = OutputOwner.Of(transaction.Outputs[i].Script);
                    outputs.Add(new OutPoint(transaction.Txid, (uint)i), new IndexedOutput
                    {
                        Place = new ChainPlace(entry.Height, position),
                        OutputIndex = (uint)i,
                        Kind = kind,
                        Grains = transaction.Outputs[i].Value.Grains,
                        Owner = owner,
                    });
                }
            }
        }

        return outputs;
    }

    private static Task InsertAsync(DatabaseSession session, IEnumerable<IndexedOutput> outputs) =>
        RowInsert.ExecuteAsync(
            session,
            "outputs (height, position, output_index, owner, kind, grains, spent_height, spent_position, spent_input)",
            [.. outputs.Select(output => new object?[]
            {
                output.Place.Height, output.Place.Position, (long)output.OutputIndex, output.Owner.ToString(),
                (long)output.Kind, output.Grains, output.SpentAt?.Height, output.SpentAt?.Position,
                output.SpentAt is null ? null : (long)output.SpentInput,
            })]);

    private static async Task UpdateAsync(DatabaseSession session, IEnumerable<IndexedOutput> outputs)
    {
        foreach (IndexedOutput[] part in outputs.Chunk(UpdatesMax))
        {
            RowUpdates updates = new();
            foreach (IndexedOutput output in part)
            {
                updates.Add(
                    "update outputs set spent_height = {0}, spent_position = {1}, spent_input = {2} "
                    + "where height = {3} and position = {4} and output_index = {5} and spent_height is null",
                    output.SpentAt!.Value.Height, output.SpentAt.Value.Position, (long)output.SpentInput,
                    output.Place.Height, output.Place.Position, (long)output.OutputIndex);
            }

            int changed = await session.ExecuteAsync(updates.Sql, updates.Parameters);
            if (changed != part.Length)
            {
                throw new IndexDamagedException($"{part.Length - changed} outputs are spent in the index already");
            }
        }
    }
}
