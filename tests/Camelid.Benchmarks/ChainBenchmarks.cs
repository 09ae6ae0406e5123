using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using Camelid.Secp256k1;
using Camelid.TestKit;

namespace Camelid.Benchmarks;

/// <summary>Signatures by both curves, and what a block costs beyond its signatures.</summary>
internal sealed class ChainBenchmarks
{
    private const int SpendsCount = 400, ManagedChecks = 40, Repeats = 5, Maturity = 10;

    private readonly Secp256k1Library library = new Secp256k1Library();
    private readonly Secp256k1Managed managed = new Secp256k1Managed();
    private readonly PrivateKey key;
    private readonly PublicKey publicKey;
    private readonly List<(Hash256 Digest, byte[] Signature)> signatures = [];
    private readonly TestChain chain;
    private readonly Block block;

    public ChainBenchmarks()
    {
        key = PrivateKey.FromBytes([.. new byte[31], 1], library)!;
        publicKey = library.PublicKeyOf(key);
        Script mine = P2pkhScript.Of(publicKey).Build();
        chain = new TestChain(library);
        chain.MineMany(mine, Maturity + 1);
        OutPoint coin = chain.Utxos.Single(pair => pair.Value.Height == 1).Key;
        Amount share = Amount.Grain(chain.Utxos[coin].Output.Value.Grains / SpendsCount);
        Transaction split = Spend(coin, [.. Enumerable.Repeat(new TxOutput(share, mine), SpendsCount)], mine);
        Accept(chain.Mine(mine, new TransactionWithFee(split, Amount.Zero)));
        signatures.Clear();
        block = chain.Build(mine, 0, [.. Enumerable.Range(0, SpendsCount).Select(index => new TransactionWithFee(
            Spend(new OutPoint(split.Txid, (uint)index), [new TxOutput(share, mine)], mine), Amount.Zero))]);
        Accept(Connect());
    }

    public async IAsyncEnumerable<Measurement> RunAsync()
    {
        yield return await Measurement.RatioAsync(
            "signature check, managed fallback / libsecp256k1",
            async () => await Measurement.SecondsAsync(() => Check(managed, ManagedChecks)) / ManagedChecks,
            async () => await Measurement.SecondsAsync(() => Repeat(() => Check(library, SpendsCount)))
                / (Repeats * SpendsCount));
        yield return await Measurement.RatioAsync(
            $"connect a block of {SpendsCount} spends / its bare signature checks",
            () => Measurement.SecondsAsync(() => Repeat(() => Accept(Connect()))),
            () => Measurement.SecondsAsync(() => Repeat(() => Check(library, SpendsCount))));
    }

    /// <summary>Long enough that a pause of the machine does not decide a round.</summary>
    private static void Repeat(Action action)
    {
        for (int i = 0; i < Repeats; i++)
        {
            action();
        }
    }

    private static void Accept(ConnectResult result)
    {
        if (result.Code != RuleCode.Accepted)
        {
            throw new InvalidOperationException($"the block was refused: {result.Code}");
        }
    }

    private ConnectResult Connect() => ChainConnector.Connect(
        block,
        chain.Height + 1,
        new ChainContext(Network.Regtest, library, chain.Tip.Hash, chain.MedianTimePast)
        {
            Bits = Network.Regtest.GenesisBits,
        },
        chain);

    private void Check(ISecp256k1 curve, int count)
    {
        foreach ((Hash256 digest, byte[] signature) in signatures.Take(count))
        {
            if (!curve.Verify(publicKey, digest, signature))
            {
                throw new InvalidOperationException("a good signature was refused");
            }
        }
    }

    private Transaction Spend(OutPoint previous, IReadOnlyList<TxOutput> outputs, Script locking)
    {
        Transaction unsigned = Transaction.Create(
            2, [new TxInput(previous, Script.Empty, TxInput.SequenceFinal)], outputs, 0, default);
        byte[] signature = SignatureHash.Sign(unsigned, 0, locking, key, library);
        signatures.Add((SignatureHash.Compute(unsigned, 0, locking, SignatureHashType.All), signature[..^1]));
        return unsigned.WithScript(0, P2pkhScript.Unlock(signature, publicKey));
    }
}
