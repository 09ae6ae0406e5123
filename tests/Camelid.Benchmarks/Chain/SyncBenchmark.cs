using System.Diagnostics;
using System.Net;
using Camelid.Chain.Blocks;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Peers;

namespace Camelid.Benchmarks.Chain;

/// <summary>
/// Initial sync: a node without blocks gets 20,000 regtest blocks from a peer over TCP on loopback, judges every one
/// and stores it. Both nodes are in this process and share its cores, so a node of its own machine is faster.
/// </summary>
internal static class SyncBenchmark
{
    private const int BlocksCount = 20_000;
    private const int SpendsFrom = 100;
    private static readonly TimeSpan SyncMax = TimeSpan.FromMinutes(10);

    public static async IAsyncEnumerable<Measurement> RunAsync()
    {
        string folder = Directory.CreateTempSubdirectory("camelid-sync").FullName;
        try
        {
            await using SyncNode source = new(Path.Combine(folder, "source"), 1);
            int transactions = Fill(source);
            source.Listen();
            double[] blocks = new double[3];
            double[] spends = new double[blocks.Length];
            double[] memory = new double[blocks.Length];
            for (int round = 0; round < blocks.Length; round++)
            {
                await using SyncNode fresh = new(Path.Combine(folder, $"fresh{round}"), (byte)(2 + round));
                double seconds = await SyncAsync(source, fresh);
                blocks[round] = BlocksCount / seconds;
                spends[round] = transactions / seconds;
                GC.Collect();
                memory[round] = GC.GetTotalMemory(forceFullCollection: true) / 1e6;
            }

            yield return Measurement.Of($"initial sync of {BlocksCount} blocks from a peer over loopback",
                blocks, "blocks/s");
            yield return Measurement.Of($"… with {transactions} transactions", spends, "transactions/s");
            yield return Measurement.Of("… memory of both nodes behind it", memory, "MB");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Mines the chain: from block 100 on, each block spends the coin of the block 50 before it.</summary>
    private static int Fill(SyncNode source)
    {
        int transactions = 0;
        for (int height = 1; height <= BlocksCount; height++)
        {
            TransactionWithFee[] spends = height < SpendsFrom ? [] : [source.SpendOf(height - 50)];
            transactions += 1 + spends.Length;
            source.Mine(spends);
        }

        return transactions;
    }

    private static async Task<double> SyncAsync(SyncNode source, SyncNode fresh)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        fresh.Core.Changed += change =>
        {
            if (change.Connected is [.., BlockEntry { Height: BlocksCount }])
            {
                done.TrySetResult();
            }
        };
        long started = Stopwatch.GetTimestamp();
        fresh.Connect(PeerAddress.FromEndPoint(new IPEndPoint(IPAddress.Loopback, source.Port))!.Value);
        await done.Task.WaitAsync(SyncMax);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
