using Camelid.Chain.Checks;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using Camelid.Secp256k1;
using Camelid.TestKit;

namespace Camelid.Benchmarks.Chain;

/// <summary>
/// What connecting a block of 4,000 spends costs beyond the bare checks of its signatures: the same signatures, on the
/// same number of threads, without a cache.
/// </summary>
internal sealed class BlockConnectionBenchmark
{
    private const int SpendsCount = 4000, SpendsOfOne = 500, Maturity = 10, CheckedAtOnce = 64;

    private readonly Secp256k1Library curve = new();
    private readonly PrivateKey key;
    private readonly PublicKey publicKey;
    private readonly Script mine;
    private readonly TestChain chain;
    private readonly List<(Hash256 Digest, byte[] Signature)> signatures = [];
    private readonly Block block;

    private BlockConnectionBenchmark()
    {
        key = PrivateKey.FromBytes([.. new byte[31], 1], curve)!;
        publicKey = curve.PublicKeyOf(key);
        mine = P2pkhScript.Of(publicKey).Build();
        chain = new TestChain(curve);
        chain.MineMany(mine, Maturity + (SpendsCount / SpendsOfOne));
        List<TransactionWithFee> splits = [];
        List<OutPoint> coins = [];
        Amount share = Amount.Grain(Subsidy.At(1).Grains / SpendsOfOne);
        foreach (OutPoint coin in chain.Utxos.OrderBy(pair => pair.Value.Height).Select(pair => pair.Key)
            .Take(SpendsCount / SpendsOfOne))
        {
            Transaction split = Spend(coin, [.. Enumerable.Repeat(new TxOutput(share, mine), SpendsOfOne)]);
            splits.Add(new TransactionWithFee(split, Amount.Zero));
            coins.AddRange(Enumerable.Range(0, SpendsOfOne).Select(index => new OutPoint(split.Txid, (uint)index)));
        }

        Accept(chain.Mine(mine, [.. splits]));
        signatures.Clear();
        block = chain.Build(mine, 0, [.. coins.Select(coin =>
            new TransactionWithFee(Spend(coin, [new TxOutput(share, mine)]), Amount.Zero))]);
    }

    public static async IAsyncEnumerable<Measurement> RunAsync()
    {
        BlockConnectionBenchmark benchmark = new();
        yield return await benchmark.RatioAsync(1, SequentialScripts.Instance);
        yield return await Measurement.RatioAsync(
            "the same in processor time, 1 thread",
            () => Measurement.ProcessorSecondsAsync(() => Accept(benchmark.Connect(SequentialScripts.Instance))),
            () => Measurement.ProcessorSecondsAsync(() => benchmark.Check(1)));
        int threads = Environment.ProcessorCount;
        if (threads > 1)
        {
            yield return await benchmark.RatioAsync(threads, new ParallelScripts(threads));
        }
    }

    private static void Accept(ConnectResult result)
    {
        if (result.Code != RuleCode.Accepted)
        {
            throw new InvalidOperationException($"the block was refused: {result.Code}");
        }
    }

    private Task<Measurement> RatioAsync(int threads, IScriptRunner runner) => Measurement.RatioAsync(
        $"connect a block of {SpendsCount} spends / its bare signature checks, {threads} thread(s)",
        () => Measurement.SecondsAsync(() => Accept(Connect(runner))),
        () => Measurement.SecondsAsync(() => Check(threads)));

    private ConnectResult Connect(IScriptRunner runner) => ChainConnector.Connect(
        block,
        chain.Height + 1,
        new ChainContext(Network.Regtest, curve, chain.Tip.Hash, chain.MedianTimePast)
        {
            Bits = block.Header.Bits,
            Scripts = runner,
        },
        chain);

    private void Check(int threads)
    {
        int next = 0;
        Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ =>
        {
            for (int from = Take(ref next); from < signatures.Count; from = Take(ref next))
            {
                for (int i = from; i < Math.Min(from + CheckedAtOnce, signatures.Count); i++)
                {
                    if (!curve.Verify(publicKey, signatures[i].Digest, signatures[i].Signature))
                    {
                        throw new InvalidOperationException("a good signature was refused");
                    }
                }
            }
        });
        static int Take(ref int next) => Interlocked.Add(ref next, CheckedAtOnce) - CheckedAtOnce;
    }

    private Transaction Spend(OutPoint previous, IReadOnlyList<TxOutput> outputs)
    {
        Transaction unsigned = Transaction.Create(
            2, [new TxInput(previous, Script.Empty, TxInput.SequenceFinal)], outputs, 0, default);
        byte[] signature = SignatureHash.Sign(unsigned, 0, mine, key, curve);
        signatures.Add((SignatureHash.Compute(unsigned, 0, mine, SignatureHashType.All), signature[..^1]));
        return unsigned.WithScript(0, P2pkhScript.Unlock(signature, publicKey));
    }
}
