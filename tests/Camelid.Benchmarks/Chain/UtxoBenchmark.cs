using System.Buffers.Binary;
using Camelid.Chain.Storage;
using Camelid.Protocol;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;

namespace Camelid.Benchmarks.Chain;

/// <summary>
/// Operations on a set of a million unspent outputs, in an order that no cache foresees: the node's compact set beside
/// a <see cref="Dictionary{TKey, TValue}"/> of objects. These share one script, as the outputs of strangers never do:
/// with scripts of their own the dictionary would hold half as much memory again.
/// </summary>
internal sealed class UtxoBenchmark
{
    private const int OutputsCount = 1_000_000;
    private const int Seed = 20_261_125;

    private readonly Dictionary<string, (double[] Compact, double[] Plain)> seconds = [];
    private readonly double[] compactBytes = new double[Measurement.Rounds];
    private readonly double[] plainBytes = new double[Measurement.Rounds];
    private readonly OutPoint[] present = Points(0);
    private readonly OutPoint[] absent = Points(1);
    private readonly Script script = new P2pkhScript(Hash160.Of("a stranger"u8)).Build();

    public static async IAsyncEnumerable<Measurement> RunAsync()
    {
        UtxoBenchmark benchmark = new();
        for (int round = -1; round < Measurement.Rounds; round++)
        {
            benchmark.Run(round);
        }

        foreach (Measurement measurement in benchmark.Lines())
        {
            yield return measurement;
        }

        await Task.CompletedTask;
    }

    /// <summary>Outpoints of random transactions: nobody meets them in the order of their making.</summary>
    private static OutPoint[] Points(int kind)
    {
        Random random = new(Seed + kind);
        OutPoint[] points = new OutPoint[OutputsCount];
        Span<byte> bytes = stackalloc byte[Hash256.Bytes];
        for (int i = 0; i < points.Length; i++)
        {
            random.NextBytes(bytes);
            BinaryPrimitives.WriteInt32LittleEndian(bytes, i ^ (kind << 30));
            points[i] = new OutPoint(new Txid(Hash256.FromBytes(bytes)), (uint)(i & 3));
        }

        random.Shuffle(points);
        return points;
    }

    private Utxo Output(int i) => new(
        new TxOutput(Amount.Grain(1_000 + i), script), 1 + (i / 1_000), false, 1_700_000_000, default);

    private void Run(int round)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        Dictionary<OutPoint, Utxo> plain = [];
        Time(round, "add", isCompact: false, i => plain.TryAdd(present[i], Output(i)));
        if (round >= 0)
        {
            plainBytes[round] = (double)(GC.GetTotalMemory(forceFullCollection: true) - before) / OutputsCount;
        }

        CompactOutputs compact = new(new UInt128(0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344));
        Time(round, "add", isCompact: true, i => compact.TryAdd(present[i], Output(i)));
        if (round >= 0)
        {
            compactBytes[round] = (double)compact.ReservedBytes / OutputsCount;
        }

        Time(round, "find", isCompact: false, i => plain.TryGetValue(present[^(i + 1)], out Utxo? _));
        Time(round, "find", isCompact: true, i => compact.TryGet(present[^(i + 1)], out Utxo? _));
        Time(round, "find nothing", isCompact: false, i => !plain.TryGetValue(absent[i], out Utxo? _));
        Time(round, "find nothing", isCompact: true, i => !compact.TryGet(absent[i], out Utxo? _));
        Time(round, "spend", isCompact: false, i => plain.Remove(present[i], out Utxo? _));
        Time(round, "spend", isCompact: true, i => compact.TryRemove(present[i], out Utxo? _));
    }

    private void Time(int round, string what, bool isCompact, Func<int, bool> act)
    {
        GC.Collect();
        double time = Measurement.SecondsAsync(() =>
        {
            for (int i = 0; i < OutputsCount; i++)
            {
                if (!act(i))
                {
                    throw new InvalidOperationException($"{what} {i} went wrong");
                }
            }
        }).GetAwaiter().GetResult();
        if (!seconds.TryGetValue(what, out (double[] Compact, double[] Plain) rounds))
        {
            seconds[what] = rounds = (new double[Measurement.Rounds], new double[Measurement.Rounds]);
        }

        if (round >= 0)
        {
            (isCompact ? rounds.Compact : rounds.Plain)[round] = time;
        }
    }

    private IEnumerable<Measurement> Lines()
    {
        foreach ((string what, (double[] compact, double[] plain)) in seconds)
        {
            yield return Measurement.Of(
                $"unspent outputs: {what}, compact set / dictionary of objects",
                [.. compact.Zip(plain, (over, under) => over / under)], "times");
            yield return Measurement.Of(
                $"… {what}", [.. compact.Select(time => OutputsCount / time)], "outputs/s");
        }

        yield return Measurement.Of("… memory of the compact set", compactBytes, "bytes/output");
        yield return Measurement.Of("… memory of the dictionary", plainBytes, "bytes/output");
    }
}
